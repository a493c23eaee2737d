package store

// Limits of every engine.
const (
	MaxName      = 1024     // bytes of a key or another name
	MaxValue     = 8 << 20  // bytes of a value, payload or note
	MaxTxn       = 10_000   // parts of a Txn
	MaxTxnBytes  = 64 << 20 // values of a Txn together
	MaxPage      = 1000     // entries of a page
	MaxPageBytes = 8 << 20  // a page ends once its values have reached it
	KeptDeletes  = 10_000   // newest deletes of keys that Watch can report
)
