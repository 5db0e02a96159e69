//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/epitaph-go/epitaph/cgo"
)

// A responder waits for the core to ask for the goroutines, in two ways,
// because each alone fails. A thread blocked in a system call comes back through
// exitsyscall: at once when a P is free, which the one of a crashing cgo call
// is, but behind every goroutine of the global run queue when none is (500 that
// spin on 2 Ps: seconds, or never). An expired timer is run by the scheduler
// before it looks at any queue, and the goroutine that waits for it goes next
// (runtime/proc.go, schedule and ready), at the price of some wake-ups a second
// and of up to one period of delay.
//
// A thread of C's that is asked and then calls Go would spare the program one goroutine in
// runtime.NumGoroutine, but not for long: its first call binds an M to it, whose goroutine
// counts from then on (runtime/proc.go, needm; asm_*.s, cgocallback, "Skip dropm"). If that
// call came only after a fault, binding would be new work there: pthread_setspecific may
// allocate, and minit changes the thread's alternate stack.
//
// A descriptor in the netpoller (os.File) has the disadvantages of both: it is
// found after 10 ms, and its goroutine goes to the end of the queue.
type responder struct {
	live   cgo.Live
	period time.Duration // of the poll, 0: none
	// scratchTaken is set while a goroutine writes a profile into live.Scratch.
	scratchTaken atomic.Bool
	act          atomic.Pointer[lastAct]
	acted        chan struct{} // gets one when the crash hook has finished
	stopping     atomic.Bool   // for the sleeper
	slept        chan struct{} // closed when it has ended
	pollers      []*beat
}

// startResponder starts the goroutine and the poll; with a period of 0 only the first.
func startResponder(live cgo.Live, period time.Duration) *responder {
	r := &responder{live: live, period: period, acted: make(chan struct{}, 1), slept: make(chan struct{})}
	go r.sleep()
	if period > 0 {
		start := time.Now()
		for i := range time.Duration(pollers) {
			r.pollers = append(r.pollers, r.poll(start, i))
		}
	}
	live.Ready(true)
	return r
}

// stop ends the goroutine and the poll, and waits for them.
func (r *responder) stop() {
	r.live.Ready(false)
	r.stopping.Store(true)
	r.live.Wake()
	for _, poller := range r.pollers {
		poller.stop()
	}
	<-r.slept
}

// sleep waits in the system call, on a thread of its own, so that the scheduler
// does not have to find one when it ends.
func (r *responder) sleep() {
	defer close(r.slept)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		seen := r.live.Wakes()
		if r.stopping.Load() {
			return
		}
		r.respond()
		r.runLastAct()
		r.live.Wait(seen)
	}
}

// pollers is how many timers take turns at the poll. The goroutine that one starts has what is left of a time slice, which may be nothing: then it is
// preempted, and out of the game. The next turn is another one's.
const pollers = 4

// A process that has a P free for the sleeper needs no poll; but a tick costs it
// 0.1 ms, of the three or four threads that Go wakes up for it: 20 a second are a
// quarter of a percent of a core. When all Ps are busy, a tick comes late, since
// the timers are not looked at before what runs is preempted, and costs next to
// nothing. So after one that was not late the period is no shorter than idlePeriod,
// which leaves time for the whole of a busy one's game within the deadline.
const (
	late       = time.Millisecond
	idlePeriod = 250 * time.Millisecond
)

// poll looks for a question now and then, as the i-th of the pollers. The answer
// is another goroutine's affair, for the same reason.
func (r *responder) poll(start time.Time, i time.Duration) *beat {
	// next is when it is this one's turn.
	next := func(period time.Duration) time.Duration {
		return pollers*period - (time.Since(start)+(pollers-i)*period)%(pollers*period)
	}
	wait, set := next(r.period), time.Now()
	return startBeat(wait, func() time.Duration {
		if _, ok := r.live.Question(); ok {
			go r.respond()
		}
		// This starts goroutines at most, so the next tick is not long in coming.
		r.runLastAct()
		period := r.period
		if time.Since(set) < wait+late {
			period = max(period, idlePeriod)
		}
		wait, set = next(period), time.Now()
		return wait
	})
}
