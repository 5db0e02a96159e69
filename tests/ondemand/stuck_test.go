//go:build linux && (amd64 || arm64) && cgo

package ondemand

import (
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// What hangs is shown where it hangs, in Go and in C.
func TestStuck(t *testing.T) {
	cases := map[string]struct {
		threads    [][]string // functions on the stack of a thread
		goroutines [][]string
		stuck      bool // so that the goroutines cannot be had
	}{
		"c": {
			threads:    [][]string{{"stuck_wait_for_ever", "main.waitInC", "main.main"}},
			goroutines: [][]string{{"main.waitInC", "main.main"}},
		},
		"mutexes": {
			goroutines: [][]string{
				{"sync.(*Mutex).Lock", "main.takeThenOther", "main.deadlockInGo", "main.main"},
				{"sync.(*Mutex).Lock", "main.takeThenOther"},
			},
		},
		"c-mutexes": {
			threads: [][]string{
				{"stuck_take_first_then_second"},
				{"stuck_take_second_then_first", "main.deadlockInC", "main.main"},
			},
			goroutines: [][]string{{"main.deadlockInC", "main.main"}},
		},
		"loop": {
			threads: [][]string{{"main.loopWithoutPreemption", "main.main"}},
			stuck:   true,
		},
		"gc-blocked": {
			threads: [][]string{
				{"main.loopWithoutPreemption", "main.blockCollector", "main.main"},
				{"runtime.GC", "main.collect"},
			},
			stuck: true,
		},
	}
	for name, c := range cases {
		for _, enabled := range []string{"", " enable=1"} {
			t.Run(name+enabled, func(t *testing.T) {
				t.Parallel()
				o := program.Run(t, "stuck-"+name+" exit=1"+enabled, victim.Env("GODEBUG=asyncpreemptoff=1"))
				o.Exited(t, 1)
				all := dumps(t, o.Stderr)
				if len(all) != 1 {
					t.Fatalf("%d dumps: %v", len(all), o)
				}
				r := all[0]
				for _, functions := range c.threads {
					if threadIn(r, functions...) == nil {
						t.Errorf("no thread is in %q:\n%s", functions, r)
					}
				}
				for _, functions := range c.goroutines {
					if goroutinesIn(r, functions...) == nil {
						t.Errorf("no goroutine is in %q:\n%s", functions, r)
					}
				}
				// Who stops the world has a P, and the loop has one: on a small
				// machine that is all.
				if g := r.Goroutines; g == nil || g.Live == c.stuck || (c.stuck && g.Reason != "the world did not stop" && g.Reason != "Go did not answer") {
					t.Errorf("the goroutines are %+v", r.Goroutines)
				}
			})
		}
	}
}

// The helper, which gives every new thread an alternate signal stack, may meet the
// dumper's thread when that has just been made, and send it the thread signal. That
// must not end the process when the dumper opens its signals. It did so to one in
// twenty.
func TestDumperIsLeftAlone(t *testing.T) {
	rounds := 3
	if victim.Full {
		rounds = 20
	}
	for range rounds {
		var children []*victim.Child
		for range 25 {
			children = append(children, program.Start(t, "stuck-c exit=1"))
		}
		for _, c := range children {
			c.Wait().Exited(t, 1)
		}
	}
}
