package invoke_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock/invoke"
)

func answer(s string) invoke.Function {
	return invoke.Function{Target: invoke.Func(func() (string, error) { return s, nil })}
}

func TestResolve(t *testing.T) {
	fs, err := invoke.NewFunctions("us-east-1", "111122223333", map[string]invoke.Function{
		"f": answer("latest"), "f:live": answer("live"), "function": answer("function"),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:lambda:us-east-1:111122223333:function:"
	for _, c := range []struct{ name, arn, answer string }{
		{"f", arn + "f", "latest"},
		{"f:$LATEST", arn + "f:$LATEST", "latest"},
		{"f:live", arn + "f:live", "live"},
		{"function:f", arn + "f", "latest"},
		{"111122223333:function:f:live", arn + "f:live", "live"},
		{arn + "f", arn + "f", "latest"},
		{arn + "f:$LATEST", arn + "f:$LATEST", "latest"},
		{arn + "f:live", arn + "f:live", "live"},
		{"arn:aws:lambda:us-east-1:111122223333:function", arn + "function", "function"},
	} {
		got, f, err := fs.Resolve(c.name)
		if err != nil || got != c.arn {
			t.Errorf("%s: %s, %v; want %s", c.name, got, err, c.arn)
			continue
		}
		if r, err := f.Target.Invoke(t.Context(), invoke.Request{}); err != nil || string(r.Payload) != `"`+c.answer+`"` {
			t.Errorf("%s: answered %s, %v", c.name, r.Payload, err)
		}
	}
	for _, c := range []struct{ name, want string }{
		{"g", "ResourceNotFoundException: Function not found: " + arn + "g:$LATEST"},
		{"f:1", "ResourceNotFoundException: Function not found: " + arn + "f:1"},
		{"f:$LATEST.PUBLISHED", "ResourceNotFoundException: Function not found: " + arn + "f:$LATEST.PUBLISHED"},
		{"999999999999:function:f", "ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:999999999999:function:f:$LATEST"},
		{"arn:aws:lambda:eu-west-1:111122223333:function:f", "ResourceNotFoundException: Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"},
		{strings.Repeat("n", 65), "ResourceNotFoundException: Function not found: " + arn + strings.Repeat("n", 65) + ":$LATEST"},
		{strings.Repeat("n", 256), "ResourceNotFoundException: "},
		{"", "ValidationException: 1 validation error detected: Value '' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: "},
		{"*", "ValidationException: "}, {"f!", "ValidationException: "}, {"invalid-account:function:f", "ValidationException: "},
		{arn + "f:1:2", "ValidationException: "}, {"f:$LATES", "ValidationException: "}, {"f\n", "ValidationException: "},
		{"arn:aws:ec2:us-east-1:111122223333:instance/i-1", "ValidationException: "},
		{"arn:aws:lambda:function:f", "ValidationException: "}, {"arn:aws:lambda:us-east-1:function:f", "ValidationException: "},
		{strings.Repeat("n", 257), "ValidationException: "},
	} {
		_, _, err := fs.Resolve(c.name)
		if !errors.Is(err, invoke.ErrRefused) || !strings.HasPrefix(fmt.Sprint(err), c.want) {
			t.Errorf("%.80q: %v; want %s", c.name, err, c.want)
		}
	}
}

func TestNewFunctionsNamesEveryFault(t *testing.T) {
	_, err := invoke.NewFunctions("us-east-1", "111122223333", map[string]invoke.Function{
		"good":         answer(""),
		"bad":          {Target: invoke.Func(42)},
		"none":         {},
		"slow":         {Target: answer("").Target, Timeout: -1},
		"few":          {Target: answer("").Target, Concurrency: -1},
		"a b":          answer(""),
		"function:odd": answer(""),
	}, nil)
	text := fmt.Sprint(err)
	for _, want := range []string{"function bad: ", "int is not a function", "function none: ", "function slow: ", "function few: ", "function a b: ", "function function:odd: "} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "good") {
		t.Error(text)
	}
}

func TestFunctionsAreLimitedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs, err := invoke.NewFunctions("us-east-1", "111122223333", map[string]invoke.Function{
			"f": {Target: lasting(time.Hour)},
		}, func() string { return "counted" })
		if err != nil {
			t.Fatal(err)
		}
		_, f, _ := fs.Resolve("f")
		_, same, _ := fs.Resolve("function:f")
		for range invoke.DefaultConcurrency {
			if _, _, err := f.Target.(invoke.Reserver).Reserve(now()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := same.Target.Invoke(t.Context(), invoke.Request{}); !errors.Is(err, invoke.ErrThrottled) {
			t.Errorf("one more than its concurrency: %v", err)
		}
	})
}

func TestFunctionsDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs, _ := invoke.NewFunctions("us-east-1", "111122223333", map[string]invoke.Function{
			"f": {Target: lasting(time.Hour)}, "own": {Target: roomy{}},
		}, func() string { return "counted" })
		_, f, _ := fs.Resolve("f")
		r, err := f.Target.Invoke(t.Context(), invoke.Request{})
		if want := `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: counted Error: Task timed out after 3.00 seconds"}`; err != nil || string(r.Payload) != want {
			t.Errorf("%s, %v", r.Payload, err)
		}
		time.Sleep(time.Hour) // let the handler end
		if f.Timeout != 3*time.Second || f.Concurrency != 10 {
			t.Errorf("%+v", f)
		}
		_, own, _ := fs.Resolve("own")
		if _, ok := own.Target.(*invoke.Limiter); ok {
			t.Error("a target with room of its own was limited again")
		}
	})
}

func TestTimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waits := invoke.Func(func(ctx context.Context) { <-ctx.Done() })
		timed := invoke.Timed{Target: invoke.Limited(waits, 1), NewID: func() string { return "counted" }}
		slot, _, err := timed.Reserve(now())
		if err != nil {
			t.Fatal(err)
		}
		if err := timed.Ready(now()); err == nil {
			t.Error("ready without room")
		}
		const want = `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: counted Error: Task timed out after 3.00 seconds"}`
		for name, target := range map[string]invoke.Target{"slot": slot, "itself": invoke.Timed{Target: waits, NewID: timed.NewID}} {
			if r, err := target.Invoke(t.Context(), invoke.Request{}); err != nil || string(r.Payload) != want {
				t.Errorf("%s: %s, %v", name, r.Payload, err)
			}
		}
		if _, err := timed.Invoke(t.Context(), invoke.Request{}); !errors.Is(err, invoke.ErrThrottled) {
			t.Errorf("without its slot: %v", err)
		}
		if invoke.Check(invoke.Timed{}) == nil || invoke.Check(invoke.Limited(invoke.Func(1), 1)) == nil {
			t.Error("a wrapper hides what is wrong with its target")
		}
	})
}

// roomy limits itself.
type roomy struct{}

func (roomy) Invoke(context.Context, invoke.Request) (invoke.Result, error) {
	return invoke.Result{}, nil
}

func (r roomy) Reserve(context.Context) (invoke.Target, func(), error) { return r, func() {}, nil }

func TestIDs(t *testing.T) {
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	trace := regexp.MustCompile(`^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$`)
	seen := map[string]bool{}
	for range 1000 {
		id, tr := invoke.NewID(), invoke.NewTrace()
		if !uuid.MatchString(id) || !trace.MatchString(tr) || seen[id] || seen[tr] {
			t.Fatalf("%s %s", id, tr)
		}
		seen[id], seen[tr] = true, true
	}
}

func FuzzParseName(f *testing.F) {
	for _, s := range []string{"f", "f:1", "111122223333:function:f:$LATEST", "arn:aws:lambda:us-east-1:111122223333:function:f:live", "arn:aws-us-gov:lambda:us-gov-west-1:111122223333:function:f", "a:b:c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := invoke.ParseName(s)
		if err != nil {
			if !errors.Is(err, invoke.ErrRefused) {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if n.Name == "" || n.Region == "" || n.Account == "" || n.Partition == "" {
			return
		}
		if again, err := invoke.ParseName(n.ARN()); err != nil || again != n {
			t.Errorf("%q: %+v became %s, read as %+v, %v", s, n, n.ARN(), again, err)
		}
	})
}

// keeper keeps its own time, and has room for one.
type keeper struct{ *invoke.Limiter }

func (keeper) KeepsTime() {}

// A Timekeeper gets no deadline, also through a slot of it.
func TestTimekeeper(t *testing.T) {
	deadline := invoke.Func(func(ctx context.Context) (bool, error) {
		_, has := ctx.Deadline()
		return has, nil
	})
	timed := invoke.Timed{Target: keeper{invoke.Limited(deadline, 2)}, Timeout: time.Second}
	slot, release, err := timed.Reserve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for name, target := range map[string]invoke.Target{"itself": timed, "slot": slot} {
		if r, err := target.Invoke(t.Context(), invoke.Request{}); err != nil || string(r.Payload) != "false" {
			t.Errorf("%s: has a deadline: %s, %v", name, r.Payload, err)
		}
	}
}
