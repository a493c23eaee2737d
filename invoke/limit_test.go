package invoke_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock/invoke"
)

// for d is a target that takes d.
func lasting(d time.Duration) invoke.Target {
	return invoke.Bytes(func(context.Context, []byte) ([]byte, error) { time.Sleep(d); return nil, nil })
}

// now is a context that is done: "now or never".
func now() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestLimitThrottlesInvoke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := invoke.Limited(lasting(time.Second), 2)
		var ok, throttled atomic.Int32
		for range 5 {
			go func() {
				switch _, err := l.Invoke(t.Context(), invoke.Request{}); {
				case err == nil:
					ok.Add(1)
				case errors.Is(err, invoke.ErrThrottled) && !errors.Is(err, invoke.ErrRefused):
					throttled.Add(1)
				}
			}()
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if ok.Load() != 2 || throttled.Load() != 3 {
			t.Errorf("%d ran, %d throttled", ok.Load(), throttled.Load())
		}
		if _, err := l.Invoke(t.Context(), invoke.Request{}); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestReserveIsFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := invoke.Limited(lasting(0), 1)
		_, release, err := l.Reserve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var served []int
		for i := range 5 {
			go func() {
				_, release, err := l.Reserve(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				served = append(served, i)
				mu.Unlock()
				time.Sleep(time.Second)
				release()
			}()
			synctest.Wait()
		}
		if _, err := l.Invoke(t.Context(), invoke.Request{}); !errors.Is(err, invoke.ErrThrottled) {
			t.Errorf("Invoke jumped the queue: %v", err)
		}
		release()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if want := []int{0, 1, 2, 3, 4}; !slices.Equal(served, want) {
			t.Errorf("served %v", served)
		}
	})
}

func TestReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := invoke.Limited(lasting(time.Second), 1)
		slot, release, err := l.Reserve(now())
		if err != nil {
			t.Fatalf("a free slot, whatever the context says: %v", err)
		}
		if _, _, err := l.Reserve(now()); !errors.Is(err, invoke.ErrThrottled) {
			t.Errorf("no slot, now or never: %v", err)
		}
		began := time.Now()
		if _, _, err := l.Reserve(within(t, time.Minute)); !errors.Is(err, invoke.ErrThrottled) || time.Since(began) != time.Minute {
			t.Errorf("no slot in a minute: %v after %v", err, time.Since(began))
		}
		for range 2 { // the slot serves any number, one after another
			if _, err := slot.Invoke(t.Context(), invoke.Request{}); err != nil {
				t.Errorf("with the slot: %v", err)
			}
			if _, err := l.Invoke(t.Context(), invoke.Request{}); !errors.Is(err, invoke.ErrThrottled) {
				t.Errorf("without it: %v", err)
			}
		}
		release()
		release()
		_, second, err := l.Reserve(now())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := slot.Invoke(t.Context(), invoke.Request{}); !errors.Is(err, invoke.ErrThrottled) {
			t.Errorf("a slot that was released twice gave two: %v", err)
		}
		second()
		if _, err := slot.Invoke(t.Context(), invoke.Request{}); err != nil {
			t.Errorf("a released slot is as good as its target: %v", err)
		}
	})
}

func TestReleaseWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := invoke.Limited(lasting(time.Second), 1)
		slot, release, _ := l.Reserve(now())
		go slot.Invoke(t.Context(), invoke.Request{})
		synctest.Wait()
		release()
		if _, _, err := l.Reserve(now()); err == nil {
			t.Error("the slot of a running invocation was given away")
		}
		began := time.Now()
		if _, _, err := l.Reserve(t.Context()); err != nil || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestReadyHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := invoke.Limited(lasting(0), 1)
		for range 3 {
			if err := l.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		_, release, err := l.Reserve(now())
		if err != nil {
			t.Fatal("Ready took the slot")
		}
		if err := l.Ready(within(t, time.Second)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Ready without room: %v", err)
		}
		time.AfterFunc(time.Minute, release)
		began := time.Now()
		if err := l.Ready(t.Context()); err != nil || time.Since(began) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if _, _, err := l.Reserve(now()); err != nil {
			t.Error("the Ready that waited took the slot")
		}
	})
}

func TestSetLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, none := range []int{0, -3} {
			l := invoke.Limited(lasting(time.Minute), none)
			if _, err := l.Invoke(t.Context(), invoke.Request{}); !errors.Is(err, invoke.ErrThrottled) {
				t.Errorf("limit %d: %v", none, err)
			}
		}
		l := invoke.Limited(lasting(time.Minute), 0)
		var running atomic.Int32
		for range 4 {
			go func() {
				slot, release, err := l.Reserve(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				defer release()
				running.Add(1)
				slot.Invoke(t.Context(), invoke.Request{})
				running.Add(-1)
			}()
		}
		for _, step := range []struct {
			limit, running int
			after          time.Duration
		}{
			{0, 0, time.Second}, {3, 3, time.Second}, {1, 3, time.Second}, // who runs is not disturbed
			{1, 1, time.Minute}, {1, 0, time.Minute},
		} {
			l.SetLimit(step.limit)
			time.Sleep(step.after)
			synctest.Wait()
			if int(running.Load()) != step.running {
				t.Errorf("limit %d: %d running, want %d", step.limit, running.Load(), step.running)
			}
		}
	})
}

// A mapping's limit above its function's: a slot is one of both.
func TestLimitsNest(t *testing.T) {
	function := invoke.Limited(lasting(0), 1)
	mapping := invoke.Limited(invoke.Timed{Target: function}, 2)
	slot, release, err := mapping.Reserve(now())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, _, err := mapping.Reserve(now()); !errors.Is(err, invoke.ErrThrottled) || !strings.Contains(err.Error(), "1 of 1") {
			t.Errorf("the function's slot was given twice, or a failed Reserve kept the mapping's: %v", err)
		}
	}
	if err := mapping.Ready(now()); err == nil {
		t.Error("ready, though the function is not")
	}
	if got, err := slot.Invoke(t.Context(), invoke.Request{}); err != nil || got.RequestID == "" {
		t.Errorf("%+v, %v", got, err)
	}
	release()
	if got, err := mapping.Invoke(t.Context(), invoke.Request{}); err != nil || got.RequestID == "" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, _, err := mapping.Reserve(now()); err != nil {
		t.Errorf("a failed Reserve kept a slot: %v", err)
	}
}

// A slot that is given to a waiter in the moment in which it gives up.
func TestNoSlotIsLostToACancelledWaiter(t *testing.T) {
	l := invoke.Limited(lasting(0), 1)
	for range 2000 {
		_, release, err := l.Reserve(now())
		if err != nil {
			t.Fatal("the slot was lost")
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			if _, release, err := l.Reserve(ctx); err == nil {
				release()
			}
		}()
		runtime.Gosched()
		cancel()
		release()
		<-done
	}
}

// Never more than the limit, and nothing is lost, whatever ends the waits.
func TestLimitUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, peak, done atomic.Int32
		l := invoke.Limited(invoke.Bytes(func(context.Context, []byte) ([]byte, error) {
			if n := running.Add(1); n > peak.Load() {
				peak.Store(n)
			}
			time.Sleep(time.Millisecond)
			running.Add(-1)
			done.Add(1)
			return nil, nil
		}), 3)
		var wg sync.WaitGroup
		want := int32(0)
		for i := range 200 {
			ctx := t.Context()
			if i%4 == 0 {
				ctx = within(t, time.Duration(i)*time.Millisecond/4)
			} else {
				want++
			}
			wg.Go(func() {
				if i%5 == 0 && l.Ready(ctx) != nil {
					return
				}
				slot, release, err := l.Reserve(ctx)
				if err != nil {
					return
				}
				defer release()
				slot.Invoke(t.Context(), invoke.Request{})
			})
		}
		wg.Wait()
		if peak.Load() != 3 || done.Load() < want {
			t.Errorf("peak %d, done %d of at least %d", peak.Load(), done.Load(), want)
		}
		for range 3 {
			if _, _, err := l.Reserve(now()); err != nil {
				t.Errorf("a slot was lost: %v", err)
			}
		}
	})
}

func ExampleLimited() {
	target := invoke.Limited(invoke.Func(func() (string, error) { return "done", nil }), 1)
	slot, release, _ := target.Reserve(context.Background())
	_, err := target.Invoke(context.Background(), invoke.Request{})
	fmt.Println(err)
	result, _ := slot.Invoke(context.Background(), invoke.Request{})
	fmt.Printf("%s\n", result.Payload)
	release()
	// Output:
	// throttled: Rate Exceeded: 1 of 1 invocations are running
	// "done"
}
