//go:build linux && (amd64 || arm64) && cgo

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
// each one within 20 ms, when the time is left out for which it waited for a CPU
// that other programs had. With that time most are, unless a thread that only
// sleeps is late as well.
func TestAccuracy(t *testing.T) {
	n := 50
	if victim.Full {
		n = 1000
	}
	o := program.Run(t, fmt.Sprintf("accuracy n=%d", n), victim.Limit(5*time.Minute))
	o.Exited(t, wentOn)
	late, alone := map[string][]time.Duration{}, map[string][]time.Duration{}
	for line := range strings.Lines(o.Stdout) {
		var of string
		var ns, excused int64
		if _, err := fmt.Sscan(line, &of, &ns, &excused); err != nil {
			t.Fatal(err)
		}
		late[of] = append(late[of], time.Duration(ns))
		alone[of] = append(alone[of], time.Duration(ns-excused))
	}
	at := func(of string, q float64) time.Duration {
		return late[of][min(int(q*float64(len(late[of]))), len(late[of])-1)]
	}
	for of := range late {
		slices.Sort(late[of])
		t.Logf("%s: %d times, late by %v to %v: median %v, 90 %%: %v, 99 %%: %v; alone: up to %v",
			of, len(late[of]), late[of][0], at(of, 1), at(of, 0.5), at(of, 0.9), at(of, 0.99), slices.Max(alone[of]))
	}
	if len(late["dump"]) < n/2 || len(late["sleeper"]) < n {
		t.Fatal("that is not enough")
	}
	if early := -late["dump"][0]; early > 60*time.Microsecond { // by which the clocks may seem to differ
		t.Errorf("it came %v before its time", early)
	}
	if got, most := at("dump", 0.5), max(20*time.Millisecond, 3*at("sleeper", 0.5)); got > most {
		t.Errorf("half of them are late by %v or more; %v is allowed", got, most)
	}
	// The sleeper's: a virtual machine that stood still may not know of it.
	if got, most := slices.Max(alone["dump"]), max(20*time.Millisecond, 3*slices.Max(alone["sleeper"])); got > most {
		t.Errorf("one of them is late by %v for which no other program is the reason; %v is allowed", got, most)
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
