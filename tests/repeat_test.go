//go:build linux && (amd64 || arm64) && cgo

package tests

import (
	"fmt"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// TestRepeatedly makes the crashes happen many times that depend on which thread is where: there must be one report each
// time, never two, never none, and no hang.
func TestRepeatedly(t *testing.T) {
	v := &variant{name: "plain", build: plainBuild}
	v.build.program(t)
	for _, c := range []struct {
		name              string
		times, timesInAll int // the first by default, the second when everything is asked for
	}{
		{"eight-threads/main", 20, 100},
		{"eight-threads/thread", 5, 50},
		{"in-gc/main", 5, 50},
		{"in-gc/callback", 5, 50},
		{"callback-thread/goroutine", 5, 50},
		{"cxx-thread-throw/main", 5, 50},
		{"kill-self/goroutine", 5, 50},
		{"in-malloc/thread", 5, 50},
	} {
		k, p, ok := v.build.find(c.name)
		if !ok {
			t.Fatalf("there is no %s", c.name)
		}
		times := c.times
		if victim.Full {
			times = c.timesInAll
		}
		t.Run(c.name, func(t *testing.T) {
			for i := range times {
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					t.Parallel()
					r := v.crash(t, k, p)
					v.check(t, k, p, r)
					if t.Failed() {
						t.Log(r)
					}
				})
			}
		})
	}
}
