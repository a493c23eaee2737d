// Package penstocktest runs a Lambda handler behind an event source mapping in
// a test: the engines of penstock on a queue in memory and, for handlers in
// this process, a fake clock, so that visibility timeouts, batching windows and
// retries pass in no time.
//
//	func TestOrders(t *testing.T) {
//		got := penstocktest.SQS(t, penstocktest.Mapping{Partial: true, MaxReceives: 3}, orders.Handle,
//			`{"order":1}`, `{"order":2,"note":"poison"}`, `{"order":3}`)
//
//		if want := []int{3, 1, 1}; !slices.Equal(got.Sizes(), want) {
//			t.Errorf("batches of %v, want %v: only the failed message is retried", got.Sizes(), want)
//		}
//		if want := []string{`{"order":2,"note":"poison"}`}; !slices.Equal(got.Dead, want) {
//			t.Errorf("dead letters %q, want %q", got.Dead, want)
//		}
//	}
//
// The handler is the one of production: any function that lambda.Start takes,
// or a lambda.Handler. What it sees is byte by byte what AWS would send.
//
// # Time
//
// A handler runs in a testing/synctest bubble. There time stands still while
// anything computes and leaps when all wait, so a handler may sleep for hours.
// What the bubble forbids is: to wait for the network, or for a goroutine that
// was started outside the test, and to leave goroutines behind. For such
// handlers, and for functions in other processes, pass an invoke.Target in
// place of the handler: invoke.Func(handler), or process.Command("python3",
// "app.handler"). A target runs in real time; give the mapping a Visibility and
// a Timeout of a second or so.
//
// The package refuses to be a model of AWS of its own: there is no fake
// behaviour here that the daemon does not have.
package penstocktest
