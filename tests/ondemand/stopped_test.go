//go:build linux && (amd64 || arm64) && cgo

package ondemand

import (
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// A dump in whose midst the process is stopped, for longer than the dump may take, is as any other
// one: Dump returns no error.
func TestStoppedDuringADump(t *testing.T) {
	rounds := 6
	if victim.Full {
		rounds = 60
	}
	for i := range rounds {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			c := program.Start(t, "again deadline=1s", victim.Talk)
			c.Line()
			time.Sleep(time.Duration(7*i%50) * time.Millisecond) // anywhere in a dump
			c.Stop()
			time.Sleep(1500 * time.Millisecond)
			c.Continue()
			c.Wait().Exited(t, wentOn)
		})
	}
}
