//go:build linux && (amd64 || arm64) && cgo

package ondemand

import (
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// raced is the program with the race detector.
var raced = &victim.Program{Build: []string{"-race", "./victim"}, Limit: 2 * limit}

// Timers, watchdogs, dumps, Enable and Disable in any order, from many goroutines.
func TestStress(t *testing.T) {
	duration := "3s"
	if victim.Full {
		duration = "30s"
	}
	for name, p := range map[string]*victim.Program{"plain": program, "race": raced} {
		t.Run(name, func(t *testing.T) {
			o := p.Run(t, "stress for="+duration)
			o.Exited(t, wentOn)
			if o.Stderr != "" {
				t.Errorf("%v", o)
			}
		})
	}
}
