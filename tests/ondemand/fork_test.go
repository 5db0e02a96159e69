//go:build linux && (amd64 || arm64) && cgo

package ondemand

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

// A child of a Python process with an armed timer hangs when it cancels the timer,
// arms it again, or just exits.
func TestFork(t *testing.T) {
	for then, name := range []string{1: "exit", 2: "cancel", 3: "arm"} {
		for _, state := range []string{"armed", "firing"} {
			if name == "" {
				continue
			}
			t.Run(name+"/"+state, func(t *testing.T) {
				t.Parallel()
				line := fmt.Sprintf("fork then=%d", then)
				if state == "firing" {
					line += " firing=1"
				}
				o := survive(t, line)
				want, parents := 0, 1
				if name == "arm" {
					want = 1
				}
				if state == "firing" {
					parents = 0 // its dump is in the pipe
				}
				out, end, _ := strings.Cut(o.Stdout, "child: ")
				if end != "0\n" {
					t.Errorf("the child ended with wait status %q", end)
				}
				all := dumps(t, out)
				if len(all) != want {
					t.Fatalf("%d dumps of the child, want %d: %v", len(all), want, o)
				}
				for _, r := range all {
					note := fmt.Sprintf("in a forked child of process %d that has not called exec", o.PID)
					if r.Process.PID == o.PID || !slices.Contains(r.Notes, note) || r.Goroutines != nil || threadIn(r, "fork_and") == nil {
						t.Errorf("not a dump of the child:\n%s", r)
					}
				}
				if all := dumps(t, o.Stderr); len(all) != parents || (parents > 0 && all[0].Process.PID != o.PID) {
					t.Errorf("%d dumps of the parent, want %d: %v", len(all), parents, o)
				}
			})
		}
	}
}

// A child may take back what its parent registered, and be dumped itself when it
// enables the core, whatever the parent's dumper was at.
func TestForkRegistered(t *testing.T) {
	for then, name := range map[int]string{4: "unregister", 5: "enable"} {
		for _, firing := range []string{"", " firing=1"} {
			t.Run(name+firing, func(t *testing.T) {
				t.Parallel()
				o := survive(t, fmt.Sprintf("fork-registered then=%d%s", then, firing))
				if o.Stdout != "child: 0\n" {
					t.Errorf("the child ended otherwise: %v", o)
				}
				scanner := report.NewScanner(strings.NewReader(o.Stderr))
				dumped := scanner.Scan()
				if dumped != (name == "enable" && firing == "") {
					t.Fatalf("dumped: %v\n%v", dumped, o)
				}
				if !dumped {
					return
				}
				r := scanner.Report()
				if current := r.Current(); !r.Complete() || current == nil || !has(current.Frames, []string{"main.forkRegistered"}) || current.TID() == o.PID {
					t.Errorf("not a dump of the child:\n%s", r)
				}
			})
		}
	}
}

// A signal in a child of fork is dumped by the child's own thread, which goes on.
func TestForkSignalled(t *testing.T) {
	t.Parallel()
	o := survive(t, "fork-registered then=6")
	if o.Stdout != "child: 0\n" {
		t.Errorf("the child ended otherwise: %v", o)
	}
	r, err := report.Parse([]byte(o.Stderr))
	if err != nil {
		t.Fatalf("%v: %v", err, o)
	}
	current := r.Current()
	note := fmt.Sprintf("in a forked child of process %d that has not called exec", o.PID)
	if !r.Complete() || current == nil || !has(current.Frames, []string{"main.forkRegistered"}) ||
		current.TID() == o.PID || r.Goroutines != nil || len(r.Notes) != 2 || r.Notes[0] != "SIGUSR1 from the process itself" || r.Notes[1] != note {
		t.Errorf("not a dump of the child:\n%s", r)
	}
}
