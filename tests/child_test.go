//go:build linux && (amd64 || arm64) && cgo

package tests

import (
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// usual are the changes to every child. What a developer has set for Go programs must not change the results.
func usual(c *victim.Child) {
	victim.Unset("GOTRACEBACK", "GODEBUG", "GOMAXPROCS", "GOGC", "GOMEMLIMIT")(c)
	c.Cmd.WaitDelay = time.Second // who has its output open later was left behind
}

// outcome waits for a child's end. That it hung is in the outcome.
func outcome(t *testing.T, c *victim.Child) *victim.Outcome {
	t.Helper()
	o, err := c.End()
	if err != nil && !o.Hung {
		t.Fatalf("%v: %v", c.Cmd, err)
	}
	return o
}
