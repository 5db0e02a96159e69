//go:build linux && amd64 && cgo

package ondemand

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// A dump comes at its time where all CPUs are busy with twice as many goroutines.
func TestAccuracy(t *testing.T) {
	n := 50
	if victim.Full {
		n = 1000
	}
	o := program.Run(t, fmt.Sprintf("accuracy n=%d", n), victim.Limit(5*time.Minute))
	o.Exited(t, 0)
	var late []time.Duration
	for line := range strings.Lines(o.Stdout) {
		var ns int64
		if _, err := fmt.Sscan(line, &ns); err != nil {
			t.Fatal(err)
		}
		late = append(late, time.Duration(ns))
	}
	if len(late) < n*9/10 {
		t.Fatalf("%d of %d times", len(late), n)
	}
	slices.Sort(late)
	at := func(q float64) time.Duration { return late[min(int(q*float64(len(late))), len(late)-1)] }
	t.Logf("late: least %v, median %v, 90 %%: %v, 99 %%: %v, most %v", late[0], at(0.5), at(0.9), at(0.99), at(1))
	if late[0] < -time.Microsecond { // what the text has of its time is cut to that
		t.Errorf("it came %v before its time", -late[0])
	}
	// Others may have the machine for longer than this, now and then.
	if at(0.9) > 20*time.Millisecond {
		t.Errorf("90 %% are late by up to %v", at(0.9))
	}
}

func TestCyclesLeaveNothing(t *testing.T) {
	t.Parallel()
	const n = 100000
	o := survive(t, fmt.Sprintf("cycles n=%d", n))
	var before, after struct{ threads, own, descriptors, allocated, mapped int }
	for i, line := range strings.Split(strings.TrimSpace(o.Stdout), "\n") {
		to := &before
		if i > 0 {
			to = &after
		}
		if _, err := fmt.Sscanf(line, "{%d %d %d %d %d}", &to.threads, &to.own, &to.descriptors, &to.allocated, &to.mapped); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	}
	t.Logf("before %+v, after %+v", before, after)
	if before.own != 2 || after.own != 2 {
		t.Errorf("%d threads of Epitaph's before, %d after", before.own, after.own)
	}
	// Go may start a thread of its own meanwhile, which maps memory.
	if after.threads > before.threads+2 || after.descriptors != before.descriptors {
		t.Errorf("threads or descriptors were left")
	}
	if after.allocated > before.allocated+n/10 {
		t.Errorf("%d bytes of malloc's were left", after.allocated-before.allocated)
	}
	if after.threads == before.threads && after.mapped > before.mapped+n*16 {
		t.Errorf("%d bytes of mappings were left", after.mapped-before.mapped)
	}
}
