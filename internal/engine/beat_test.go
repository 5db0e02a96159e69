//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"sync/atomic"
	"testing"
	"time"
)

func TestBeat(t *testing.T) {
	calls := make(chan int)
	n := 0
	b := startBeat(0, func() time.Duration {
		n++
		calls <- n
		return time.Microsecond
	})
	for want := 1; want < 100; want++ {
		if got := <-calls; got != want {
			t.Fatalf("call %d, want %d", got, want)
		}
	}
	go func() {
		for range calls { // one may be under way
		}
	}()
	b.stop()
	close(calls) // another call would panic
}

// One that is stopped at any moment has ended when stop returns.
func TestBeatStops(t *testing.T) {
	for i := range 2000 {
		var inside, stopped atomic.Bool
		b := startBeat(time.Duration(i)*10*time.Nanosecond, func() time.Duration {
			inside.Store(true)
			if stopped.Load() {
				t.Error("called after stop")
			}
			inside.Store(false)
			return 0
		})
		b.stop()
		stopped.Store(true)
		if inside.Load() {
			t.Fatal("stop has not waited")
		}
	}
	called := make(chan bool, 2) // with room for one too many
	b := startBeat(0, func() time.Duration { called <- true; return -1 })
	<-called
	b.stop()
	if len(called) > 0 {
		t.Error("called again")
	}
}

// What a call has written is there for the one who stops.
func TestBeatIsSeen(t *testing.T) {
	written := 0
	called := make(chan bool, 1)
	b := startBeat(0, func() time.Duration { written++; called <- true; return time.Hour })
	for len(called) == 0 { // no channel may order the two
		time.Sleep(time.Millisecond)
	}
	b.stop()
	if written != 1 {
		t.Error(written)
	}
}
