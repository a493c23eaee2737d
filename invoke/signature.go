package invoke

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/aws/aws-lambda-go/lambda"
)

// signature says why lambda.Start would not run handler. The library itself
// tells only when the handler is called, and dies of some of these.
func signature(handler any) error {
	if handler == nil {
		return errors.New("is nil")
	}
	v := reflect.ValueOf(handler)
	t := v.Type()
	if _, ok := handler.(lambda.Handler); ok {
		return nil
	}
	switch {
	case t.Kind() != reflect.Func:
		return fmt.Errorf("%s is not a function", t)
	case v.IsNil():
		return fmt.Errorf("%s is nil", t)
	case t.IsVariadic():
		return fmt.Errorf("%s takes a variable number of arguments", t)
	case t.NumIn() > 2:
		return fmt.Errorf("%s takes %d arguments, at most a context and an event are possible", t, t.NumIn())
	case t.NumIn() == 2 && !isContext(t.In(0)):
		return fmt.Errorf("%s takes two arguments, the first must be context.Context", t)
	case t.NumIn() == 1 && t.In(0).Kind() == reflect.Interface && t.In(0).NumMethod() > 0 && !isContext(t.In(0)):
		return fmt.Errorf("%s takes an interface that is not context.Context", t)
	case t.NumOut() > 2:
		return fmt.Errorf("%s returns %d values, at most a value and an error are possible", t, t.NumOut())
	case t.NumOut() > 0 && !t.Out(t.NumOut()-1).Implements(reflect.TypeFor[error]()):
		return fmt.Errorf("%s: the last value returned must be an error", t)
	}
	return nil
}

// isContext says whether t is context.Context or an interface like it.
func isContext(t reflect.Type) bool {
	c := reflect.TypeFor[context.Context]()
	return t.Kind() == reflect.Interface && c.Implements(t) && t.Implements(c)
}
