package sqs

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/penstock/penstock/awsclient"
	"github.com/penstock/penstock/sources"
)

// passing are codes of answers 403 that have nothing to do with permissions.
var passing = []string{"OverLimit", "RequestThrottled", "Throttling", "ThrottlingException", "TooManyRequestsException", "RequestTimeTooSkewed"}

// denied are codes of answers other than 401 and 403 that have.
var denied = []string{
	"AccessDenied", "AccessDeniedException", "AuthFailure", "ExpiredToken", "ExpiredTokenException",
	"IncompleteSignature", "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidSecurity", "InvalidSignatureException",
	"KmsAccessDenied", "KMS.AccessDeniedException", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
	"NotAuthorized", "OptInRequired", "SignatureDoesNotMatch", "UnrecognizedClientException",
}

// classify gives an error of a call its class of package sources, if it has one.
func classify(err error) error {
	var class error
	var gone *types.QueueDoesNotExist
	var api smithy.APIError
	var answer *awshttp.ResponseError
	switch {
	case errors.As(err, &gone):
		class = sources.ErrGone
	case errors.Is(err, awsclient.ErrCredentials):
		class = sources.ErrDenied
	case errors.As(err, &api):
		code := api.ErrorCode()
		status := 0
		if errors.As(err, &answer) {
			status = answer.HTTPStatusCode()
		}
		switch {
		case code == "AWS.SimpleQueueService.NonExistentQueue" || code == "QueueDoesNotExist":
			class = sources.ErrGone
		case slices.Contains(denied, code):
			class = sources.ErrDenied
		case (status == http.StatusForbidden || status == http.StatusUnauthorized) && !slices.Contains(passing, code):
			class = sources.ErrDenied
		}
	}
	if class == nil {
		return err
	}
	return fmt.Errorf("%w: %w", class, err)
}

var errUnanswered = errors.New("the service does not say what became of it")

// failed reads the answer of a batch call entry by entry. An entry that the
// answer does not mention has failed too.
func failed(call string, records []sources.Record, done []*string, errs []types.BatchResultErrorEntry) error {
	reasons := make([]error, len(records))
	for i := range reasons {
		reasons[i] = errUnanswered
	}
	for _, id := range done {
		if i, ok := index(id, len(records)); ok {
			reasons[i] = nil
		}
	}
	for _, e := range errs {
		if i, ok := index(e.Id, len(records)); ok {
			reasons[i] = reason(e)
		}
	}
	f := &sources.Failed{}
	for i, err := range reasons {
		if err == nil {
			continue
		}
		f.Records = append(f.Records, records[i])
		if f.Err == nil || errors.Is(f.Err, sources.ErrExpired) {
			f.Err = fmt.Errorf("%s: %w", call, err)
		}
	}
	if len(f.Records) == 0 {
		return nil
	}
	return f
}

func index(id *string, n int) (int, bool) {
	i, err := strconv.Atoi(aws.ToString(id))
	return i, err == nil && i >= 0 && i < n
}

// reason is why an entry failed. Handles that SQS does not take any more are
// expired: it hands the message out again, or the message is gone. (ElasticMQ
// calls every handle but the newest invalid.)
func reason(e types.BatchResultErrorEntry) error {
	code, text := aws.ToString(e.Code), aws.ToString(e.Message)
	err := fmt.Errorf("%s: %s", code, text)
	if code == "ReceiptHandleIsInvalid" || strings.HasSuffix(code, "MessageNotInflight") ||
		strings.Contains(text, "The receipt handle has expired") ||
		strings.Contains(text, "not available for visibility timeout change") {
		return fmt.Errorf("%w: %w", sources.ErrExpired, err)
	}
	return err
}
