//go:build linux && (amd64 || arm64)

package threads_test

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/gort/threads"
)

func TestSelf(t *testing.T) {
	l, err := threads.Find()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", l)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			goroutine, thread := l.Self()
			var buf [64]byte
			text := buf[:runtime.Stack(buf[:], false)]
			if thread != uint32(syscall.Gettid()) || !bytes.HasPrefix(text, fmt.Appendf(nil, "goroutine %d ", goroutine)) {
				t.Errorf("goroutine %d on thread %d; want thread %d, %s", goroutine, thread, syscall.Gettid(), text)
			}
			again, err := threads.Find()
			if err != nil || again != l {
				t.Errorf("%+v, %v; first it was %+v", again, err, l)
			}
		})
	}
	all.Wait()
}

func BenchmarkSelf(b *testing.B) {
	l, err := threads.Find()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		l.Self()
	}
}
