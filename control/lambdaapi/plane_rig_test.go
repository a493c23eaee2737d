package lambdaapi_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/penstock/penstock"
	"github.com/penstock/penstock/awswire"
	"github.com/penstock/penstock/control"
	"github.com/penstock/penstock/control/lambdaapi"
	"github.com/penstock/penstock/control/template"
	"github.com/penstock/penstock/internal/pipenet"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/memory"
	"github.com/penstock/penstock/store"
)

const queueARN = "arn:aws:sqs:eu-west-1:111122223333:orders"

// A rig is the API before a Plane and a Server that runs, and clients of it on an
// in-memory network.
type rig struct {
	*lambda.Client
	t     *testing.T
	http  *http.Client
	plane *control.Plane
	queue *memory.Queue

	mu      sync.Mutex
	gate    chan struct{} // not nil: builds wait for it
	running int           // invocations of the handler "wait"
	open    chan struct{} // closed: they end
	done    []string      // events of handlers that came to their end
}

// deployed runs f with a rig, in a bubble.
func deployed(t *testing.T, f func(*testing.T, *rig)) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, open: make(chan struct{}), queue: &memory.Queue{
			Visibility: 30 * time.Second, MaxReceives: 5,
			Match:  func(s sources.Spec) bool { return strings.HasPrefix(s.ARN, "arn:aws:sqs:") },
			Limits: sources.Limits{BatchSize: 10, MaxBatchSize: 10000, Window: true, PartialFailures: true, FilterKey: "body", Mismatch: true},
		}}
		stop := r.start()
		defer stop()
		f(t, r)
	})
}

func (r *rig) start() (stop func()) {
	log := slog.New(slog.DiscardHandler)
	kinds := []sources.Kind{r.queue.Kind()}
	plane, err := control.Open(r.t.Context(), control.Options{
		Store: store.Memory(), Data: r.t.TempDir(), Region: "eu-west-1", Account: "111122223333",
		Kinds: kinds, Build: r.build, LocalCode: true, Log: log,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.plane = plane
	server := &penstock.Server{Kinds: kinds, Region: "eu-west-1", Account: "111122223333", Log: log}
	links := lambdaapi.NewCodeLinks(plane)
	api := lambdaapi.New(plane, links)
	api.Log = log
	mux := http.NewServeMux()
	mux.Handle(lambdaapi.CodePath, links)
	mux.Handle("/", &awswire.Router{Routes: []awswire.Route{lambdaapi.Route(api.Handler())}})
	web, listener := &http.Server{Handler: mux}, pipenet.Listen()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { plane.Run(ctx, server) })
	wg.Go(func() {
		if err := server.Run(ctx); err != nil {
			r.t.Error(err)
		}
	})
	wg.Go(func() { web.Serve(listener) })
	transport := &http.Transport{DialContext: listener.DialContext}
	r.http = &http.Client{Transport: transport}
	r.Client = lambda.New(lambda.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String("http://lambda.test"), HTTPClient: r.http,
		Credentials: credentials.NewStaticCredentialsProvider("AK", "SK", ""), Retryer: aws.NopRetryer{},
	})
	return func() {
		transport.CloseIdleConnections()
		web.Close()
		cancel()
		wg.Wait()
		plane.Close()
		time.Sleep(time.Second) // net/http waits before it closes a connection whose request it did not read
	}
}

// build makes the handlers of the tests, by their names.
func (r *rig) build(ctx context.Context, f control.Function) (invoke.Function, io.Closer, error) {
	r.mu.Lock()
	gate := r.gate
	r.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return invoke.Function{}, nil, ctx.Err()
		}
	}
	if f.Runtime == "cobol" {
		return invoke.Function{}, nil, &control.BuildError{Code: "InvalidRuntime", Err: errors.New("there is no interpreter for cobol")}
	}
	if f.Handler == "unbuildable" {
		return invoke.Function{}, nil, errors.New("no such handler")
	}
	targets := map[string]invoke.Target{
		"fail":    invoke.Func(func() error { return errors.New("no luck") }),
		"nothing": invoke.Func(func() {}),
		"sleep":   invoke.Func(func(ctx context.Context) { <-ctx.Done() }),
		"context": invoke.Func(func(ctx context.Context) (*lambdacontext.LambdaContext, error) {
			lc, _ := lambdacontext.FromContext(ctx)
			return lc, nil
		}),
		"trace": invoke.Func(func(ctx context.Context) (any, error) { return ctx.Value("x-amzn-trace-id"), nil }),
		"large": invoke.Bytes(func(context.Context, []byte) ([]byte, error) {
			return bytes.Repeat([]byte("1"), invoke.MaxResponse+1), nil
		}),
		"wait": invoke.Bytes(r.wait),
		"log": answering(func(q invoke.Request) (invoke.Result, error) {
			return invoke.Result{RequestID: q.ID, Payload: []byte(`1`), Log: []byte(strings.Repeat("x", 5000) + "END"), Version: "7"}, nil
		}),
		"lost":   answering(func(invoke.Request) (invoke.Result, error) { return invoke.Result{}, errors.New("connection reset") }),
		"refuse": answering(func(invoke.Request) (invoke.Result, error) { return invoke.Result{}, invoke.ErrRefused }),
		"full":   answering(func(invoke.Request) (invoke.Result, error) { return invoke.Result{}, invoke.ErrThrottled }),
	}
	target := targets[f.Handler]
	if target == nil {
		target = invoke.Bytes(func(_ context.Context, event []byte) ([]byte, error) { return event, nil })
	}
	return invoke.Function{Target: target}, nil, nil
}

type answering func(invoke.Request) (invoke.Result, error)

func (a answering) Invoke(_ context.Context, q invoke.Request) (invoke.Result, error) { return a(q) }

func (r *rig) wait(ctx context.Context, event []byte) ([]byte, error) {
	r.mu.Lock()
	r.running++
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.running--
	}()
	select {
	case <-r.open:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = append(r.done, string(event))
	return event, nil
}

// waiting counts the handlers "wait" that run, and lists the events of those that
// came to their end.
func (r *rig) waiting() (running int, done []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.running, slices.Clone(r.done)
}

// input describes a function whose handler build knows.
func input(name, handler string) *lambda.CreateFunctionInput {
	return &lambda.CreateFunctionInput{
		FunctionName: aws.String(name), Role: aws.String(role), Runtime: types.RuntimePython312, Handler: aws.String(handler),
		Code: &types.FunctionCode{ZipFile: archive("app.py", handler)},
	}
}

// archive is a zip with one file.
func archive(name, content string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, _ := z.Create(name)
	io.WriteString(w, content)
	z.Close()
	return b.Bytes()
}

// create makes a function and waits until it is built.
func (r *rig) create(in *lambda.CreateFunctionInput) *lambda.CreateFunctionOutput {
	r.t.Helper()
	out, err := r.CreateFunction(r.t.Context(), in)
	if err != nil {
		r.t.Fatal(err)
	}
	r.settle()
	return out
}

// declare makes a function of a template, with reserved slots if that is not nil.
func (r *rig) declare(name string, reserved *int) {
	r.t.Helper()
	f := template.Function{
		LogicalID: "Own", Name: name, Handler: "echo", Runtime: "python3.12", Concurrency: reserved, Timeout: time.Second,
		Code: template.Code{Inline: "#", File: "index.py"},
	}
	if err := r.plane.Adopt(r.t.Context(), &template.Stack{Name: "s", File: "/t.yaml", Functions: []template.Function{f}}); err != nil {
		r.t.Fatal(err)
	}
	r.settle()
}

// sum is what clients know code by.
func sum(code []byte) string {
	hash := sha256.Sum256(code)
	return base64.StdEncoding.EncodeToString(hash[:])
}

func (r *rig) settle() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := r.plane.Settled(ctx); err != nil {
		r.t.Fatalf("not settled: %v", err)
	}
	synctest.Wait()
}

// send is what a request answers that the SDK would not make.
func (r *rig) send(method, path, body string) (status int, answer string) {
	r.t.Helper()
	q, err := http.NewRequest(method, "http://lambda.test"+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	out, err := r.http.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer out.Body.Close()
	text, err := io.ReadAll(out.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return out.StatusCode, string(text)
}

// fetch is what one GET of an address answers.
func (r *rig) fetch(url string) (status int, body []byte) {
	r.t.Helper()
	status, text := r.send("GET", strings.TrimPrefix(url, "http://lambda.test"), "")
	return status, []byte(text)
}
