// Command sigterm is a function of the process suite: it tidies up at the end.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.StartWithOptions(
		func() (int, error) { return 1, nil },
		lambda.WithEnableSIGTERM(func() {
			fmt.Println("tidied up")
			os.WriteFile(os.Getenv("TIDY"), []byte("tidied up"), 0o600)
		}),
	)
}
