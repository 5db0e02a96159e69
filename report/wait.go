package report

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Wait is a stack that a program hangs in, and what it waits for.
type Wait struct {
	// For is what Go says that the goroutines do, "sync.Mutex.Lock", or the function of
	// libc that a thread is in, "pthread_mutex_lock"; "running" of a thread that computes.
	For string
	// Count is how many goroutines or threads have the stack.
	Count int
	// Since is how long the goroutines have waited, as far as Go tells; see
	// GoroutineGroup.Wait.
	Since time.Duration
	// Frames are the program's own, innermost first. There is one at least.
	Frames []Frame

	rank  int
	calls []call
	inAll int // goroutines or threads that wait for the same, however long
}

// How likely a wait is what a program hangs in, the most likely first. A service that is
// well has many goroutines in all but the first two, so they count only where there is
// nothing else.
const (
	rankLock = iota // a lock that another goroutine holds, or a channel that cannot come
	rankC           // in C, or computing
	rankSend
	rankReceive
	rankIdle // timers, network
)

// goRanks are of Go's words for what a goroutine waits for (runtime/runtime2.go).
var goRanks = map[string]int{
	"sync.Mutex.Lock": rankLock, "sync.RWMutex.Lock": rankLock, "sync.RWMutex.RLock": rankLock, "semacquire": rankLock,
	"chan send (nil chan)": rankLock, "chan receive (nil chan)": rankLock, "select (no cases)": rankLock,
	"syscall": rankC, "running": rankC, "runnable": rankC, "running or runnable": rankC,
	"chan send": rankSend,
}

// cRanks are of the functions of libc that a thread waits in.
var cRanks = map[string]int{
	"pthread_mutex_lock": rankLock, "pthread_rwlock_rdlock": rankLock, "pthread_rwlock_wrlock": rankLock,
	"pthread_spin_lock": rankLock, "sem_wait": rankLock, "mtx_lock": rankLock, "pthread_join": rankSend,
	"pthread_cond_wait": rankReceive, "pthread_cond_timedwait": rankReceive, "poll": rankIdle, "ppoll": rankIdle,
	"select": rankIdle, "pselect": rankIdle, "epoll_wait": rankIdle, "epoll_pwait": rankIdle, "sigwait": rankIdle,
	"accept": rankIdle, "accept4": rankIdle, "pause": rankIdle,
}

// WaitsFor returns what a program that hangs waits for: of the stacks of goroutines and
// threads that have the program's own frames in them, those that wait for the most
// telling thing, a lock before a channel, and of these the ones that have waited longest.
// Stacks of one length of time are in the order of the text. Goroutines of a snapshot do not
// count: it may be older than the hang.
func (r *Report) WaitsFor() []Wait { return r.waits() }

func (r *Report) waits() []Wait {
	var list []Wait
	inC := false
	for i := range r.Threads {
		if w, ok := r.threadWait(&r.Threads[i]); ok {
			list = append(list, w)
			inC = true
		}
	}
	for i := range r.GoroutineGroups {
		if r.Goroutines != nil && !r.Goroutines.Live {
			break // a snapshot may be a minute old
		}
		g := &r.GoroutineGroups[i]
		calls := r.calls(withoutCreator(g.Frames))
		if !anyProgram(calls) || inC && callsC(calls) {
			continue // the stack of a thread has both its C and its Go
		}
		rank, known := goRanks[g.Status]
		if !known {
			rank = rankReceive
			if g.Status == "IO wait" || g.Status == "sleep" || g.Status == "finalizer wait" {
				rank = rankIdle
			}
		}
		list = append(list, Wait{For: g.Status, Count: g.Count, Since: g.Wait(), rank: rank, calls: calls})
	}
	if len(list) == 0 {
		return nil
	}
	first := slices.MinFunc(list, func(a, b Wait) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.Since, a.Since))
	})
	all := map[string]int{}
	for _, w := range list {
		if w.rank == first.rank {
			all[w.For] += w.Count
		}
	}
	list = slices.DeleteFunc(list, func(w Wait) bool { return w.rank != first.rank || w.Since != first.Since })
	for i := range list {
		list[i].inAll = all[list[i].For]
		for _, c := range list[i].calls {
			if c.from == ofProgram {
				list[i].Frames = append(list[i].Frames, *c.Frame)
			}
		}
	}
	return list
}

// threadWait is of a thread that is in the program's C.
func (r *Report) threadWait(t *Thread) (w Wait, ok bool) {
	calls := r.calls(t.Frames)
	first := slices.IndexFunc(calls, func(c call) bool { return c.from == ofProgram && !c.doubtful })
	if first < 0 || calls[first].isGo() && !endsInStub(calls, first) {
		return w, false
	}
	w = Wait{For: "running", Count: t.Count, rank: rankC, calls: calls}
	if called := calledByC(calls, first); called >= 0 {
		w.For = publicName(calls[called].name)
	}
	if rank, known := cRanks[w.For]; known {
		w.rank = rank
		if callsC(calls) {
			// Threads of a pool of C's wait like that all the time; a goroutine does not call
			// C for it.
			w.rank = min(rank, rankC)
		}
	}
	return w, true
}

// endsInStub reports whether the function of Go at first has called C that left no frame of
// its own: what is compiled to a jump, or inlined into cgo's stub, has none.
func endsInStub(calls []call, first int) bool {
	if first < 1 {
		return false
	}
	_, ok := cStub(calls[first-1].name)
	return ok
}

// calledByC returns the index of the function of libc that the program's C has called, which
// is or was called at first; -1: none.
func calledByC(calls []call, first int) int {
	for i := first - 1; i >= 0; i-- {
		c := calls[i]
		if c.from == ofLibrary && c.name != "" && !c.isGo() {
			return i
		}
		if c.from != ofPlumbing && c.from != ofLibrary {
			break
		}
	}
	return -1
}

func withoutCreator(frames []Frame) []Frame {
	return slices.DeleteFunc(slices.Clone(frames), func(f Frame) bool { return f.Kind == CreatedBy })
}

func callsC(calls []call) bool {
	return slices.ContainsFunc(calls, func(c call) bool { return strings.Contains(c.name, "._Cfunc_") })
}

// hasCutThreads reports whether the text leaves threads out for their number.
func (r *Report) hasCutThreads() bool {
	return slices.ContainsFunc(r.Threads, func(t Thread) bool { return t.Kind == CutThreads })
}
