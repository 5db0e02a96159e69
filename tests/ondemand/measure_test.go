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

// A dump comes at its time where all CPUs are busy with twice as many goroutines:
// within 20 ms, or as soon as other threads wake up on a machine that others have
// for longer than that.
func TestAccuracy(t *testing.T) {
	n := 50
	if victim.Full {
		n = 1000
	}
	o := program.Run(t, fmt.Sprintf("accuracy n=%d", n), victim.Limit(5*time.Minute))
	o.Exited(t, 0)
	late := map[string][]time.Duration{}
	for line := range strings.Lines(o.Stdout) {
		var of string
		var ns int64
		if _, err := fmt.Sscan(line, &of, &ns); err != nil {
			t.Fatal(err)
		}
		late[of] = append(late[of], time.Duration(ns))
	}
	at := func(of string, q float64) time.Duration {
		return late[of][min(int(q*float64(len(late[of]))), len(late[of])-1)]
	}
	for of := range late {
		slices.Sort(late[of])
		t.Logf("%s: %d times, late by %v to %v: median %v, 90 %%: %v, 99 %%: %v",
			of, len(late[of]), late[of][0], at(of, 1), at(of, 0.5), at(of, 0.9), at(of, 0.99))
	}
	if len(late["dump"]) < n/2 || len(late["sleeper"]) < n {
		t.Fatal("that is not enough")
	}
	if early := -late["dump"][0]; early > 60*time.Microsecond { // by which the clocks may seem to differ
		t.Errorf("it came %v before its time", early)
	}
	for _, q := range []float64{0.5, 0.9} {
		if got, most := at("dump", q), max(20*time.Millisecond, 3*at("sleeper", q)); got > most {
			t.Errorf("%v of them are late by up to %v; %v is allowed", q, got, most)
		}
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
