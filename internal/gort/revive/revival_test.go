//go:build linux && (amd64 || arm64) && !go1.28

package revive

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/gort"
)

// A goroutine that keeps its thread is asked for it, and the flag says so; and when
// it was given, the flag is clear.
func TestRevive(t *testing.T) {
	r, err := FindRevival()
	if err != nil {
		t.Fatal(err)
	}
	offset := r.preempt
	flag := (*uint32)(unsafe.Add(gort.G(), offset&^3))
	asked := func() bool { return atomic.LoadUint32(flag)>>(8*(offset%4))&0xff == 1 }
	var turns atomic.Int64
	for range 2 * runtime.GOMAXPROCS(0) { // a thread waits for it
		go func() {
			for turns.Load() >= 0 {
				turns.Add(1)
			}
		}()
	}
	defer turns.Store(-1 << 62)
	gort.Pin()
	defer gort.Unpin()
	for end := time.Now().Add(10 * time.Second); !asked(); {
		if time.Now().After(end) {
			t.Fatal("no thread asks a goroutine that runs on for its own, or the flag is elsewhere")
		}
	}
	r.Revive()
	if asked() {
		t.Error("the flag is still set")
	}
	if value := atomic.LoadUint32(flag) >> (8 * (offset % 4)) & 0xff; value != 0 {
		t.Errorf("the flag is %d", value)
	}
}

// Whether a thread is dying decides where its print statements write to.
func TestDying(t *testing.T) {
	r, err := FindRevival()
	if err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	dying := (*int32)(unsafe.Add(*(*unsafe.Pointer)(unsafe.Add(gort.G(), r.m)), r.dying))
	if *dying != 0 {
		t.Fatalf("a thread that lives is dying: %d", *dying)
	}
	var buffer [64]byte
	*dying = 2 // not what Revive looks for
	r.Revive()
	still := *dying
	*dying = 1
	r.Revive()
	if still != 2 || *dying != 0 {
		t.Errorf("dying is %d where it was 2, and %d where it was 1", still, *dying)
	}
	if n := runtime.Stack(buffer[:], false); n != len(buffer) {
		t.Errorf("a revived thread writes %d bytes of its stack", n)
	}
}
