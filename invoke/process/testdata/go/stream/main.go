// Command stream is a function of the process suite: a result that is a reader.
package main

import (
	"errors"
	"io"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
)

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("midway") }

func main() {
	lambda.Start(func(event string) (io.Reader, error) {
		if event == "fail" {
			return io.MultiReader(strings.NewReader("part"), failing{}), nil
		}
		return strings.NewReader("whole"), nil
	})
}
