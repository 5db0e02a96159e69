package sentry

import (
	"fmt"
	"strconv"

	"github.com/epitaph-go/epitaph/report"
)

type thread struct {
	// ID is a string, because goroutines have one that is no number.
	ID         string      `json:"id"`
	Name       string      `json:"name,omitempty"`
	State      string      `json:"state,omitempty"`
	Crashed    bool        `json:"crashed,omitempty"`
	Current    bool        `json:"current,omitempty"`
	Stacktrace *stacktrace `json:"stacktrace,omitempty"`
}

// maxGoroutines is how many groups of goroutines an event has: Sentry takes a megabyte.
const maxGoroutines = 100

// threads returns the threads, then the groups of goroutines. Equal stacks are one entry
// that says how many there are.
func threads(r *report.Report) []thread {
	crashed := map[int]bool{}
	for _, a := range r.AlsoCrashed {
		crashed[a.TID] = true
	}
	var list []thread
	for i := range r.Threads {
		t := &r.Threads[i]
		if t.Kind == report.CutThreads {
			continue
		}
		v := thread{ID: strconv.Itoa(t.TID()), Name: alike(t.Name(), t.Count), Current: t.Current(), Stacktrace: stackOf(r, t.Frames)}
		v.Crashed = r.Kind == report.Crash && t.Current()
		for _, m := range t.Members {
			v.Crashed = v.Crashed || crashed[m.TID]
		}
		if len(t.Members) > 0 {
			v.State = states[t.Members[0].State]
		}
		list = append(list, v)
	}
	return append(list, goroutines(r)...)
}

func goroutines(r *report.Report) []thread {
	var list []thread
	for i, g := range r.GoroutineGroups {
		if g.Cut {
			continue
		}
		if len(list) == maxGoroutines {
			break
		}
		v := thread{ID: fmt.Sprintf("group %d", i+1), Name: alike("goroutine", g.Count), State: g.Status, Stacktrace: stackOf(r, g.Frames)}
		if len(g.IDs) > 0 {
			v.ID = fmt.Sprintf("g %d", g.IDs[0])
			v.Name = alike("goroutine "+strconv.FormatUint(g.IDs[0], 10), g.Count)
		}
		list = append(list, v)
	}
	return list
}

func alike(name string, count int) string {
	if count < 2 {
		return name
	}
	return fmt.Sprintf("%s (%d like it)", name, count-1)
}

// states are of proc_pid_stat(5).
var states = map[string]string{
	"R": "running", "S": "sleeping", "D": "waiting for a disk", "T": "stopped", "t": "traced", "Z": "zombie", "X": "dead",
}
