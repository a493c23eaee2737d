// Command parallel is a function of the process suite: several invocations meet
// in one process, or it times out.
package main

import (
	"context"
	"os"
	"sync"

	"github.com/aws/aws-lambda-go/lambda"
)

type event struct {
	N     int
	Meet  int // wait until so many are here
	Hang  bool
	Crash bool
}

func main() {
	var mu sync.Mutex
	here, all := 0, make(chan struct{})
	lambda.Start(func(ctx context.Context, e event) (map[string]int, error) {
		mu.Lock()
		here++
		if here == e.Meet {
			close(all)
		}
		mu.Unlock()
		if e.Hang {
			select {}
		}
		if e.Crash {
			os.Exit(5)
		}
		if e.Meet > 0 {
			<-all
		}
		return map[string]int{"n": e.N, "pid": os.Getpid()}, nil
	})
}
