//go:build linux && amd64 && cgo

package ondemand

import (
	"testing"
	"time"
)

func TestExit(t *testing.T) {
	for _, line := range []string{"exit", "exit enable=1", "exit repeat=1", "exit-watchdog"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, line)
			o.Exited(t, 1)
			if o.Stdout != "" {
				t.Errorf("there was a clean-up: %q", o.Stdout)
			}
			if all := dumps(t, o.Stderr); len(all) != 1 {
				t.Errorf("%d dumps:\n%s", len(all), o.Stderr)
			}
		})
	}
}

// The process ends when nobody reads its dump, and when others wait to write
// theirs.
func TestExitFullPipe(t *testing.T) {
	for _, line := range []string{"", " blocking=1", " crowd=1", " blocking=1 crowd=1"} {
		t.Run("pipe"+line, func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, "exit-full-pipe"+line)
			o.Exited(t, 1)
			if o.Stdout != "" || o.Elapsed < 500*time.Millisecond || o.Elapsed > 6*time.Second {
				t.Errorf("%v", o)
			}
		})
	}
}
