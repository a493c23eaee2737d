package lambdaapi

import "context"

// Sizes of AWS's accounts, in bytes.
const (
	totalCodeSize    = 80530636800
	codeSizeUnzipped = 262144000
)

// An Account answers for the limits and the use of the one account there is.
type Account struct {
	// Concurrency bounds what runs at once; zero: 1 000.
	Concurrency int
	// Usage counts what there is.
	Usage func(context.Context) (Usage, error)
}

// Usage is what the functions of an account take.
type Usage struct {
	Functions int64
	CodeSize  int64 // bytes of all zip files, those of versions too
	Reserved  int   // sum of reserved concurrency
}

// GetAccountSettings is the operation of that name.
func (a Account) GetAccountSettings(ctx context.Context, _ *GetAccountSettingsRequest) (*GetAccountSettingsResponse, error) {
	u, err := a.Usage(ctx)
	if err != nil {
		return nil, err
	}
	most := a.Concurrency
	if most == 0 {
		most = 1000 // AWS's, unless it was raised
	}
	return &GetAccountSettingsResponse{
		AccountLimit: &AccountLimit{
			TotalCodeSize:                  new(int64(totalCodeSize)),
			CodeSizeUnzipped:               new(int64(codeSizeUnzipped)),
			CodeSizeZipped:                 new(int64(MaxZip)),
			ConcurrentExecutions:           new(most),
			UnreservedConcurrentExecutions: new(max(0, most-u.Reserved)),
		},
		AccountUsage: &AccountUsage{TotalCodeSize: new(u.CodeSize), FunctionCount: new(u.Functions)},
	}, nil
}
