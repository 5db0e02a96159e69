//go:build linux && (amd64 || arm64) && !go1.28

package vars_test

import (
	"os"
	"os/signal"
	"syscall"
	"testing"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/gort/vars"
)

func TestSignalMasksFollowNotifyStopAndIgnore(t *testing.T) {
	masks, err := vars.FindSignalMasks()
	if err != nil {
		t.Fatal(err)
	}
	bit := func(mask uintptr, s syscall.Signal) bool {
		words := *(**[3]uint32)(unsafe.Pointer(&mask))
		return words[s/32]>>(s%32)&1 != 0
	}
	expect := func(after string, s syscall.Signal, wanted, ignored bool) {
		t.Helper()
		if got := bit(masks.Wanted, s); got != wanted {
			t.Errorf("after %s: signal %d wanted: %v", after, s, got)
		}
		if got := bit(masks.Ignored, s); got != ignored {
			t.Errorf("after %s: signal %d ignored: %v", after, s, got)
		}
	}
	// One in each word, and one that Go gives the program only when it was
	// sent from outside.
	signals := []syscall.Signal{syscall.SIGUSR1, 35, 64, syscall.SIGABRT}
	for _, s := range signals {
		t.Cleanup(func() { signal.Reset(s) })
		c := make(chan os.Signal, 1)
		expect("start", s, false, false)
		signal.Notify(c, s)
		expect("Notify", s, true, false)
		signal.Stop(c)
		expect("Stop", s, false, false)
		signal.Ignore(s)
		expect("Ignore", s, false, true)
		signal.Notify(c, s)
		expect("Notify after Ignore", s, true, false)
		signal.Reset(s)
		expect("Reset", s, false, false)
	}
}

func BenchmarkSignalMasks(b *testing.B) {
	for b.Loop() {
		if _, err := vars.FindSignalMasks(); err != nil {
			b.Fatal(err)
		}
	}
}
