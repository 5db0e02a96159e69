//go:build linux && amd64 && cgo

package bench_test

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// programLimit is when a program that the benchmark left behind is killed.
const programLimit = 5 * time.Minute

// startProgram starts a victim that runs until the benchmark ends.
func startProgram(b *testing.B, line string, changes ...victim.Change) *victim.Child {
	b.Helper()
	c := program.Start(b, line, append(changes, victim.Talk, victim.Stderr(os.Stderr), victim.Limit(programLimit))...)
	b.Cleanup(func() {
		c.In.Close() // which ends it
		if _, err := c.End(); err != nil {
			b.Error(err)
		}
	})
	return c
}

func threadTime(b *testing.B) time.Duration { return clock(b, unix.CLOCK_THREAD_CPUTIME_ID) }

func clock(b *testing.B, id int32) time.Duration {
	b.Helper()
	var ts unix.Timespec
	if err := unix.ClockGettime(id, &ts); err != nil {
		b.Fatal(err)
	}
	return time.Duration(ts.Nano())
}
