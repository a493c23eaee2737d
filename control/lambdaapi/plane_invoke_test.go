package lambdaapi_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/penstock/penstock/invoke"
)

// call is what an invocation answers: "STATUS FAILURE PAYLOAD", or the error.
func (r *rig) call(in *lambda.InvokeInput) string {
	r.t.Helper()
	var out *lambda.InvokeOutput
	got := problem(r.t, func() (err error) { out, err = r.Invoke(context.Background(), in); return err })
	if out == nil {
		return got
	}
	if in.InvocationType == "" && *out.ExecutedVersion != "$LATEST" {
		r.t.Errorf("executed version %s", *out.ExecutedVersion)
	}
	return strings.TrimSpace(strings.Join([]string{string(rune('0' + out.StatusCode/100)), aws.ToString(out.FunctionError), string(out.Payload)}, " "))
}

func TestInvokeOutcomes(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		for _, handler := range []string{"echo", "fail", "nothing", "sleep", "large", "lost", "refuse", "full", "trace", "unbuildable"} {
			in := input(handler, handler)
			in.Timeout = aws.Int32(2)
			r.create(in)
		}
		cobol := input("cobol", "echo")
		cobol.Runtime = "cobol"
		r.create(cobol)
		const notNow = "ResourceConflictException client: The operation cannot be performed at this time. The function is currently in the following state: "
		for name, c := range map[string]struct {
			in   lambda.InvokeInput
			want string
		}{
			"echo":           {lambda.InvokeInput{FunctionName: aws.String("echo"), Payload: []byte(` {"a": "ü"}`)}, `2   {"a": "ü"}`},
			"no event":       {lambda.InvokeInput{FunctionName: aws.String("echo")}, `2  {}`},
			"no result":      {lambda.InvokeInput{FunctionName: aws.String("nothing")}, `2  null`},
			"fails":          {lambda.InvokeInput{FunctionName: aws.String("fail")}, `2 Unhandled {"errorMessage":"no luck","errorType":"errorString"}`},
			"too long":       {lambda.InvokeInput{FunctionName: aws.String("sleep")}, `2 Unhandled {"errorType":"Sandbox.Timedout","errorMessage":"RequestId: ID Error: Task timed out after 2.00 seconds"}`},
			"too large":      {lambda.InvokeInput{FunctionName: aws.String("large")}, `2 Unhandled {"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}`},
			"may have run":   {lambda.InvokeInput{FunctionName: aws.String("lost")}, `2 Unhandled {"errorType":"Sandbox.Failure","errorMessage":"RequestId: ID Error: connection reset"}`},
			"refused":        {lambda.InvokeInput{FunctionName: aws.String("refuse")}, "InvalidParameterValueException client: refused"},
			"no room inside": {lambda.InvokeInput{FunctionName: aws.String("full")}, "TooManyRequestsException client: Rate Exceeded."},
			"dry run":        {lambda.InvokeInput{FunctionName: aws.String("fail"), InvocationType: types.InvocationTypeDryRun}, "2"},
			"dry run of none": {lambda.InvokeInput{FunctionName: aws.String("none"), InvocationType: types.InvocationTypeDryRun},
				"ResourceNotFoundException client: Function not found: " + fn + ":none:$LATEST"},
			"dry run of junk": {lambda.InvokeInput{FunctionName: aws.String("fail"), Payload: []byte("{"), InvocationType: types.InvocationTypeDryRun},
				"InvalidRequestContentException client: Could not parse request body into json: Could not parse payload into json: unexpected end of JSON input"},
			"event":         {lambda.InvokeInput{FunctionName: aws.String("echo"), InvocationType: types.InvocationTypeEvent}, "InvalidParameterValueException client: The InvocationType Event is not supported by this endpoint yet. Use RequestResponse."},
			"type":          {lambda.InvokeInput{FunctionName: aws.String("echo"), InvocationType: "Later"}, "ValidationException unknown: 1 validation error detected: Value 'Later' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]"},
			"no JSON":       {lambda.InvokeInput{FunctionName: aws.String("echo"), Payload: []byte(`{"a"`)}, "InvalidRequestContentException client: Could not parse request body into json: Could not parse payload into json: unexpected end of JSON input"},
			"no UTF-8":      {lambda.InvokeInput{FunctionName: aws.String("echo"), Payload: []byte("\"\xff\"")}, "InvalidRequestContentException client: Could not parse request body into json: Could not parse payload into json: not UTF-8"},
			"over":          {lambda.InvokeInput{FunctionName: aws.String("echo"), Payload: bytes.Repeat([]byte("1"), invoke.MaxRequest+1)}, "RequestEntityTooLargeException unknown: Request must be smaller than 6291456 bytes for the InvokeFunction operation"},
			"context":       {lambda.InvokeInput{FunctionName: aws.String("echo"), ClientContext: aws.String("string")}, "InvalidRequestContentException client: Client context must be a valid Base64-encoded JSON object."},
			"context, list": {lambda.InvokeInput{FunctionName: aws.String("echo"), ClientContext: aws.String("W10=")}, "InvalidRequestContentException client: Client context must be a valid Base64-encoded JSON object."},
			"context, over": {lambda.InvokeInput{FunctionName: aws.String("echo"), ClientContext: aws.String(base64.StdEncoding.EncodeToString([]byte(`{"a":"` + strings.Repeat("b", 2700) + `"}`)))}, "InvalidRequestContentException client: Client context must be at most 3583 bytes of Base64."},
			"tenant":        {lambda.InvokeInput{FunctionName: aws.String("echo"), TenantId: aws.String("x")}, "InvalidParameterValueException client: Tenant isolation is not supported by this endpoint."},
			"runtime":       {lambda.InvokeInput{FunctionName: aws.String("cobol")}, "InvalidRuntimeException server: there is no interpreter for cobol"},
			"broken":        {lambda.InvokeInput{FunctionName: aws.String("unbuildable")}, notNow + "Failed (no such handler)"},
		} {
			got := r.call(&c.in)
			if before, after, found := strings.Cut(got, "RequestId: "); found && len(after) > 36 {
				got = before + "RequestId: ID" + after[36:]
			}
			if got != c.want {
				t.Errorf("%s: %.300s, want %s", name, got, c.want)
			}
		}
		if got := r.call(&lambda.InvokeInput{FunctionName: aws.String("echo"), Payload: bytes.Repeat([]byte("1"), invoke.MaxRequest)}); len(got) < invoke.MaxRequest {
			t.Errorf("the largest event: %.300s", got)
		}
		r.gate = make(chan struct{})
		if _, err := r.CreateFunction(t.Context(), input("late", "echo")); err != nil {
			t.Fatal(err)
		}
		if got := r.call(&lambda.InvokeInput{FunctionName: aws.String("late")}); got != notNow+"Pending" {
			t.Error(got)
		}
		close(r.gate)
	})
}

// Every form of a name, and qualifiers in it and beside it.
func TestInvokeNames(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		r.create(input("f", "context"))
		const invalid = "ValidationException unknown: 1 validation error detected: Value '"
		for _, c := range []struct{ name, qualifier, want string }{
			{"f", "", fn + ":f"}, {"f:$LATEST", "", fn + ":f:$LATEST"}, {"f", "$LATEST", fn + ":f:$LATEST"}, {"f:$LATEST", "$LATEST", fn + ":f:$LATEST"},
			{"function:f", "", fn + ":f"}, {"111122223333:function:f", "", fn + ":f"}, {"111122223333:f", "", fn + ":f"}, {fn + ":f", "", fn + ":f"}, {fn + ":f:$LATEST", "", fn + ":f:$LATEST"},
			{"f:1", "", "ResourceNotFoundException client: Function not found: " + fn + ":f:1"},
			{"f", "live", "ResourceNotFoundException client: Function not found: " + fn + ":f:live"},
			{"f", "$latest", "ResourceNotFoundException client: Function not found: " + fn + ":f:$latest"},
			{strings.Repeat("g", 65), "", "ResourceNotFoundException client: Function not found: " + fn + ":" + strings.Repeat("g", 65) + ":$LATEST"},
			{fn, "", "ResourceNotFoundException client: Function not found: " + fn + ":function:$LATEST"},
			{"f:$LATEST", "1", "InvalidParameterValueException client: The derived qualifier from the function name does not match the specified qualifier."},
			{"arn:aws:lambda:us-east-1:111122223333:function:f", "", "ResourceNotFoundException client: Functions from 'us-east-1' are not reachable in this region ('eu-west-1')"},
			{"999999999999:function:f", "", "ResourceNotFoundException client: Function not found: arn:aws:lambda:eu-west-1:999999999999:function:f:$LATEST"},
			{"f!", "", invalid + "f!' at 'functionName'"}, {"*", "", invalid + "*' at 'functionName'"}, {"f:1:2", "", invalid + "f:1:2' at"}, {"f", "no!", invalid + "no!' at 'qualifier'"},
			{"arn:aws:lambda::111122223333:function:f", "", invalid + "arn:aws:lambda::111122223333:function:f' at 'functionName'"},
		} {
			in := &lambda.InvokeInput{FunctionName: &c.name}
			if c.qualifier != "" {
				in.Qualifier = &c.qualifier
			}
			got := r.call(in)
			if payload, ok := strings.CutPrefix(got, "2  "); ok {
				var lc struct{ InvokedFunctionArn string }
				if err := json.Unmarshal([]byte(payload), &lc); err != nil {
					t.Fatal(err)
				}
				got = lc.InvokedFunctionArn
			}
			if got != c.want && !(strings.HasPrefix(c.want, invalid) && strings.HasPrefix(got, c.want)) {
				t.Errorf("%s, %s: %.300s, want %s", c.name, c.qualifier, got, c.want)
			}
		}
	})
}

// The function sees the request's id, trace and client context; the client the
// end of the log.
func TestInvokeContext(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		for _, handler := range []string{"context", "trace", "log"} {
			r.create(input(handler, handler))
		}
		send := func(name string, header ...string) (*http.Response, string) {
			q, _ := http.NewRequest("POST", "http://lambda.test/2015-03-31/functions/"+name+"/invocations", nil)
			for i := 0; i < len(header); i += 2 {
				q.Header.Set(header[i], header[i+1])
			}
			out, err := r.http.Do(q)
			if err != nil {
				t.Fatal(err)
			}
			defer out.Body.Close()
			body, _ := io.ReadAll(out.Body)
			return out, string(body)
		}
		out, body := send("context", "X-Amz-Client-Context", base64.StdEncoding.EncodeToString([]byte(` {"custom":{"k":"v"}}`)))
		var seen struct {
			AwsRequestID  string
			ClientContext struct{ Custom map[string]string }
		}
		if err := json.Unmarshal([]byte(body), &seen); err != nil || seen.AwsRequestID != out.Header.Get("X-Amzn-Requestid") || len(seen.AwsRequestID) != 36 || seen.ClientContext.Custom["k"] != "v" {
			t.Errorf("%s %v", body, err)
		}
		if out.Header.Get("Content-Type") != "application/json" || out.Header["X-Amz-Function-Error"] != nil || out.Header["X-Amz-Log-Result"] != nil || out.Header.Get("X-Amz-Executed-Version") != "$LATEST" {
			t.Errorf("%v", out.Header)
		}
		const trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
		if _, body := send("trace", "X-Amzn-Trace-Id", trace); body != `"`+trace+`"` {
			t.Error(body)
		}
		if out, _ := send("log", "X-Amz-Log-Type", "None"); out.Header["X-Amz-Log-Result"] != nil || out.Header.Get("X-Amz-Executed-Version") != "7" {
			t.Errorf("%v", out.Header)
		}
		out, _ = send("log", "X-Amz-Log-Type", "Tail")
		if log, err := base64.StdEncoding.DecodeString(out.Header.Get("X-Amz-Log-Result")); err != nil || string(log) != strings.Repeat("x", 4093)+"END" {
			t.Errorf("%.30s... %d bytes, %v", log, len(log), err)
		}
		if out, body := send("log", "X-Amz-Invocation-Type", "DryRun", "X-Amz-Log-Type", "Tail"); out.StatusCode != 204 || body != "" || out.Header["X-Amz-Log-Result"] != nil {
			t.Errorf("%v %s", out, body)
		}
	})
}

// Callers fail at once when all slots are in use; whose slots they were they are
// told. A dry run needs none.
func TestInvokeThrottled(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		in := input("f", "wait")
		in.Timeout = aws.Int32(60)
		r.create(in)
		answers := make(chan string, invoke.DefaultConcurrency)
		for range invoke.DefaultConcurrency {
			go func() { answers <- r.call(&lambda.InvokeInput{FunctionName: aws.String("f")}) }()
		}
		synctest.Wait()
		reason := func(name string) types.ThrottleReason {
			t.Helper()
			var e *types.TooManyRequestsException
			if _, err := r.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &name}); !errors.As(err, &e) || *e.Message != "Rate Exceeded." || *e.Type != "User" {
				t.Fatal(err)
			}
			return e.Reason
		}
		began := time.Now()
		if got := reason(fn + ":f"); got != types.ThrottleReasonConcurrentInvocationLimitExceeded || time.Since(began) > 0 {
			t.Error(got, time.Since(began))
		}
		if got := r.call(&lambda.InvokeInput{FunctionName: aws.String("f"), InvocationType: types.InvocationTypeDryRun}); got != "2" {
			t.Error(got)
		}
		close(r.open)
		for range invoke.DefaultConcurrency {
			if got := <-answers; got != "2  {}" {
				t.Error(got)
			}
		}
		if got := r.call(&lambda.InvokeInput{FunctionName: aws.String("f")}); got != "2  {}" {
			t.Error("with room again: ", got)
		}
		r.declare("g", new(0))
		if got := reason("g"); got != types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded {
			t.Error(got)
		}
		r.declare("g", new(150))
		if out, err := r.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("g")}); err != nil || out.Concurrency == nil || *out.Concurrency.ReservedConcurrentExecutions != 150 {
			t.Errorf("%+v %v", out, err)
		}
		if out, err := r.GetAccountSettings(t.Context(), &lambda.GetAccountSettingsInput{}); err != nil || *out.AccountLimit.UnreservedConcurrentExecutions != 850 || out.AccountLimit.ConcurrentExecutions != 1000 {
			t.Errorf("%+v %v", out, err)
		}
	})
}

// A function runs to its end when its caller leaves; a caller that leaves while
// it sends starts none.
func TestInvokeWhenCallersLeave(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		in := input("f", "wait")
		in.Timeout = aws.Int32(60)
		r.create(in)
		ctx, leave := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := r.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`"left"`)})
			ended <- err
		}()
		synctest.Wait()
		leave()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		time.Sleep(30 * time.Second)
		if running, _ := r.waiting(); running != 1 {
			t.Errorf("%d run", running)
		}
		close(r.open)
		synctest.Wait()
		if _, done := r.waiting(); !slices.Equal(done, []string{`"left"`}) {
			t.Errorf("%q", done)
		}
		conn, err := r.http.Transport.(*http.Transport).DialContext(t.Context(), "tcp", "")
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, "POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nHost: lambda.test\r\nContent-Length: 10\r\n\r\n\"ha")
		synctest.Wait()
		conn.Close()
		synctest.Wait()
		if _, done := r.waiting(); len(done) != 1 {
			t.Errorf("%q", done)
		}
	})
}

// An API caller and a mapping use the same slots, and the mapping waits.
func TestInvokeBesideMapping(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		in := input("f", "wait")
		in.Timeout = aws.Int32(60)
		r.create(in)
		r.mapping(&lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), EventSourceArn: aws.String(queueARN), BatchSize: aws.Int32(1)})
		for range 30 {
			r.queue.PutBodies("x")
		}
		time.Sleep(20 * time.Second)
		got := r.call(&lambda.InvokeInput{FunctionName: aws.String("f")})
		if running, _ := r.waiting(); running != invoke.DefaultConcurrency || got != "TooManyRequestsException client: Rate Exceeded." {
			t.Errorf("%d run: %s", running, got)
		}
		close(r.open)
		time.Sleep(5 * time.Minute)
		if c := r.queue.Counts(); c.Acked != 30 || c.Dead != 0 {
			t.Errorf("%+v", c)
		}
	})
}
