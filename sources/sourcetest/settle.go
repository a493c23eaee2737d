package sourcetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/penstock/penstock/sources"
)

// ackSettles: an acknowledged record never comes again.
func ackSettles(b *bench) error {
	records, err := b.putAndCollect(min(3, b.call()))
	if err != nil {
		return err
	}
	if err := b.Feed.Ack(b.ctx, records); err != nil {
		return fmt.Errorf("ack: %w", err)
	}
	b.afterLoans()
	return b.nothing("every record was acknowledged")
}

// nackReturns: a returned record is there at once, long before its loan ends.
func nackReturns(b *bench) error {
	records, err := b.putAndCollect(2)
	if err != nil {
		return err
	}
	if err := b.Feed.Ack(b.ctx, records[:1]); err != nil {
		return fmt.Errorf("ack: %w", err)
	}
	start := time.Now()
	if err := b.Feed.Nack(b.ctx, records[1:]); err != nil {
		return fmt.Errorf("nack: %w", err)
	}
	again, err := b.collect(1, 1)
	if err != nil {
		return fmt.Errorf("after nack: %w", err)
	}
	if again[0].ID != records[1].ID {
		return fmt.Errorf("after nack of %q came %q", records[1].ID, again[0].ID)
	}
	if n := again[0].Receives; n != 0 && n <= records[1].Receives {
		return fmt.Errorf("Receives is %d, and %d when handed out again", records[1].Receives, n)
	}
	return b.within("coming back after nack", start, 0, 0)
}

// loanEnds: what is not settled comes back when the visibility timeout ends,
// not before, and Loan says so.
func loanEnds(b *bench) error {
	asked := time.Now()
	records, err := b.putAndCollect(1)
	if err != nil {
		return err
	}
	got, loan := time.Now(), records[0].Loan
	if b.Visibility == 0 {
		if !loan.IsZero() {
			return fmt.Errorf("Loan is %v, but the source does not lend", loan)
		}
		return nil
	}
	if loan.Before(asked.Add(b.Visibility-b.slack)) || loan.After(got.Add(b.Visibility)) {
		return fmt.Errorf("Loan ends %v after the receive, the visibility timeout is %v", loan.Sub(asked), b.Visibility)
	}
	time.Sleep(b.Visibility - time.Second)
	if err := b.nothing("its visibility timeout is not over"); err != nil {
		return err
	}
	time.Sleep(time.Until(loan))
	again, err := b.Feed.Receive(b.ctx, 1, min(2*time.Second, b.longest()))
	if err != nil || len(again) != 1 || again[0].ID != records[0].ID {
		return fmt.Errorf("after the visibility timeout came %d records and error %v, want %q again", len(again), err, records[0].ID)
	}
	if n := again[0].Receives; n != 0 && n != records[0].Receives+1 {
		return fmt.Errorf("Receives is %d, and %d when handed out again", records[0].Receives, n)
	}
	return b.within("coming back", asked, b.Visibility, got.Sub(asked)+b.Visibility)
}

// tooManyAreRefused: a call of more than Limits.Call does nothing and says so.
func tooManyAreRefused(b *bench) error {
	records, err := b.putAndCollect(1)
	if err != nil {
		return err
	}
	many := slices.Repeat(records, b.call()+1)
	if _, err := b.Feed.Receive(b.ctx, len(many), 0); !errors.Is(err, sources.ErrTooMany) {
		return fmt.Errorf("receive of %d: error %v, want ErrTooMany", len(many), err)
	}
	for _, op := range b.ops() {
		if err := op.do(many); !errors.Is(err, sources.ErrTooMany) {
			return fmt.Errorf("%s of %d records: error %v, want ErrTooMany", op.name, len(many), err)
		}
	}
	if err := b.nothing("no call took it"); err != nil {
		return err
	}
	if err := b.Feed.Nack(b.ctx, records); err != nil {
		return fmt.Errorf("nack: %w", err)
	}
	if _, err := b.collect(1, 1); err != nil {
		return fmt.Errorf("after a refused ack: %w", err)
	}
	return nil
}

// errorsSurface: trouble with the service is an error of the call, never an
// empty answer, and passes.
func errorsSurface(b *bench) error {
	records, err := b.putAndCollect(1)
	if err != nil {
		return err
	}
	if err := b.put(1); err != nil {
		return err
	}
	b.Fail(errors.New("trouble made by sourcetest"))
	for range 3 {
		if got, err := b.Feed.Receive(b.ctx, 1, 0); err == nil {
			return fmt.Errorf("receive returns %d records and no error, while the service fails", len(got))
		}
	}
	for _, op := range b.ops() {
		err := op.do(records)
		if err == nil {
			return fmt.Errorf("%s returns no error, while the service fails", op.name)
		}
		if got := failedOf(err, records); len(got) != 1 || got[0].ID != records[0].ID {
			return fmt.Errorf("%s names %d records as failed, want the one it got", op.name, len(got))
		}
	}
	b.Fail(nil)
	if _, err := b.collect(1, 1); err != nil {
		return fmt.Errorf("when the trouble is over: %w", err)
	}
	if err := b.Feed.Ack(b.ctx, records); err != nil {
		return fmt.Errorf("ack, when the trouble is over: %w", err)
	}
	return nil
}

// failedNamesRecords: Failed names exactly the records that failed.
func failedNamesRecords(b *bench) error {
	if b.Spoil == nil {
		return nil
	}
	for _, op := range b.ops() {
		records, err := b.putAndCollect(min(4, b.call()))
		if err != nil {
			return err
		}
		n := len(records)
		spoilt := slices.Clone(records)
		spoilt[n/2] = b.Spoil(records[n/2])
		err = op.do(spoilt)
		var failed *sources.Failed
		if !errors.As(err, &failed) {
			return fmt.Errorf("%s of %d records of which one is spoilt: error %v, want *Failed", op.name, n, err)
		}
		if len(failed.Records) != 1 || failed.Records[0].ID != records[n/2].ID || failed.Err == nil {
			return fmt.Errorf("%s: %q failed, want %q", op.name, names(failed.Records), records[n/2].ID)
		}
		left := n - 1 // what comes back while the spoilt record is still lent
		if op.name == "ack" {
			left = 0
		}
		again, err := b.collect(left, b.call())
		if err != nil {
			return fmt.Errorf("after a partial %s: %w", op.name, err)
		}
		if err := b.nothing("it was settled, or failed to return"); err != nil {
			return fmt.Errorf("after a partial %s: %w", op.name, err)
		}
		if err := b.Feed.Ack(b.ctx, append(again, records[n/2])); err != nil {
			return fmt.Errorf("ack after a partial %s: %w", op.name, err)
		}
	}
	return nil
}

func names(records []sources.Record) (ids []string) {
	for _, r := range records {
		ids = append(ids, r.ID)
	}
	return ids
}
