//go:build linux && (amd64 || arm64) && cgo

package threads

import (
	"strings"
	"testing"
)

// A SIGSEGV that was sent to a thread that blocks it waits; a dump opens nothing that
// would deliver it, and what the thread does can be seen in part.
func TestDumpLeavesPendingFaultSignals(t *testing.T) {
	for _, line := range []string{"sent 0", "sent 1"} {
		t.Run(line, func(t *testing.T) {
			dumps, out := survive(t, line)
			if len(dumps) != 1 || !strings.Contains(out.Stderr, "<stack lost: the thread blocks a SIGSEGV or SIGBUS that it was sent>") {
				t.Error(out)
			}
		})
	}
	t.Run("own", func(t *testing.T) {
		dumps, out := survive(t, "sent-self")
		if len(dumps) != 1 || len(dumps[0].Current().Frames) < 5 {
			t.Error(out)
		}
	})
}

// What an older thread raises itself is not taken for a signal of one of the threads that are being
// created meanwhile, with the same mask.
func TestOlderThreadRaises(t *testing.T) {
	for range 3 {
		r, out := crash(t, "raised")
		if out.Stdout != "" || r.Current() == nil || !has(r.Current(), "raises") {
			t.Fatal(out)
		}
	}
}

func TestMaskInAttributes(t *testing.T) {
	out := program.Run(t, "attribute")
	if !out.IsExit(0) || strings.TrimSpace(out.Stdout) != "blocked 0" {
		t.Error(out)
	}
}

// A thread takes it for blocked, and it is not: so it is after Disable, too. Where no thread
// does, Disable takes its handlers away.
func TestMaskAfterDisable(t *testing.T) {
	out := program.Run(t, "sent-disabled")
	if !out.IsExit(0) || out.Stdout != "alive\n" {
		t.Error(out)
	}
	out = program.Run(t, "released")
	if !out.IsExit(0) || out.Stdout != "released 4\n" {
		t.Error(out)
	}
}
