package sourcetest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"github.com/penstock/penstock/sources"
)

// groupsKeepOrder: records of a group come in the order sent, and none while
// an earlier one is out.
func groupsKeepOrder(b *bench) error {
	if b.PutGroup == nil {
		records, err := b.putAndCollect(1)
		if err == nil && records[0].Group != "" {
			err = fmt.Errorf("record %q is of group %q on a queue without groups", records[0].ID, records[0].Group)
		}
		return err
	}
	words := []string{"first!", "second", "third!"}
	for i, group := range []string{"red", "red", "red", "blue"} {
		if err := b.PutGroup(group, words[i%3]); err != nil {
			return fmt.Errorf("the rig's PutGroup: %w", err)
		}
	}
	heads, err := b.collect(2, 1)
	if err != nil {
		return fmt.Errorf("the first of two groups: %w", err)
	}
	if heads[0].Group == heads[1].Group {
		return fmt.Errorf("a second record of group %q was handed out while the first was out", heads[0].Group)
	}
	if err := b.nothing("the first record of its group is out"); err != nil {
		return err
	}
	red := slices.IndexFunc(heads, func(r sources.Record) bool { return r.Group == "red" })
	if red < 0 {
		return fmt.Errorf("groups are %q and %q, want red and blue", heads[0].Group, heads[1].Group)
	}
	if err := b.Feed.Nack(b.ctx, heads[red:red+1]); err != nil {
		return fmt.Errorf("nack: %w", err)
	}
	again, err := b.collect(1, 1)
	if err != nil || again[0].ID != heads[red].ID {
		return fmt.Errorf("after a nack came %q and error %v, want %q again", names(again), err, heads[red].ID)
	}
	for i, word := range words {
		if i > 0 {
			if again, err = b.collect(1, 1); err != nil {
				return fmt.Errorf("the next of a group: %w", err)
			}
		}
		if !holds(again[0], word) || again[0].Group != "red" {
			return fmt.Errorf("record %d of group red is %.200s of group %q, want the one that says %q", i+1, again[0].Body, again[0].Group, word)
		}
		if err := b.Feed.Ack(b.ctx, again); err != nil {
			return fmt.Errorf("ack: %w", err)
		}
	}
	return nil
}

// holds reports whether the record carries the word, as text or in base64.
func holds(r sources.Record, word string) bool {
	return bytes.Contains(r.Body, []byte(word)) ||
		bytes.Contains(r.Body, []byte(base64.StdEncoding.EncodeToString([]byte(word))))
}

// holdKeepsBack: a held record comes after its time, with its note.
func holdKeepsBack(b *bench) error {
	h, ok := b.Feed.(sources.Holder)
	if !ok {
		return nil
	}
	records, err := b.putAndCollect(2)
	if err != nil {
		return err
	}
	start := time.Now()
	hold := func(r sources.Record, d time.Duration, note string) error {
		return h.Hold(b.ctx, []sources.Held{{Record: r, For: d, Note: []byte(note)}})
	}
	if err := hold(records[0], 3*time.Second, "three"); err != nil {
		return fmt.Errorf("hold: %w", err)
	}
	if err := hold(records[1], 0, "none"); err != nil {
		return fmt.Errorf("hold: %w", err)
	}
	for i, want := range []struct {
		id, note string
		least    time.Duration
	}{{records[1].ID, "none", 0}, {records[0].ID, "three", 3 * time.Second}} {
		got, err := b.Feed.Receive(b.ctx, 1, min(5*time.Second, b.longest()))
		if err != nil || len(got) != 1 || got[0].ID != want.id {
			return fmt.Errorf("receive %d after hold: %q and error %v, want %q", i+1, names(got), err, want.id)
		}
		if string(got[0].Note) != want.note {
			return fmt.Errorf("record %q came with note %q, want %q", want.id, got[0].Note, want.note)
		}
		if err := b.within("coming back after hold", start, want.least, want.least); err != nil {
			return err
		}
	}
	return nil
}
