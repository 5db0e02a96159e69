//go:build linux && (amd64 || arm64) && cgo

package ondemand

import (
	"io"
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

// One that ends the process has as much longer. The stop comes behind its first lines: there is no
// room for more in the pipe.
func TestStoppedDuringTheLastDump(t *testing.T) {
	r, w := victim.OnePage(t)
	c := program.Start(t, "later timeout=500ms factor=60 exit=1 deadline=1s fd=3", victim.Inherit(w))
	w.Close()
	victim.AwaitText(t, r, limit)
	c.Stop()
	time.Sleep(5 * time.Second) // longer than it may take with all that it waits for
	c.Continue()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	c.Wait().Exited(t, 1)
	if n := len(dumps(t, string(text))); n != 1 {
		t.Errorf("%d dumps:\n%s", n, text)
	}
}
