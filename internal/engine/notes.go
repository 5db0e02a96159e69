//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/boxformat"
)

// The notes are C memory (native/notes.h), which the core reads after a fault.
// They are written from Go directly: a call of C costs more than all the rest.
var notes = cgo.Notes()

// crumbTries is how many records a breadcrumb tries before it is given up.
const crumbTries = 4

func word(at unsafe.Pointer, offset uintptr) *uint64 { return (*uint64)(unsafe.Add(at, offset)) }
func half(at unsafe.Pointer, offset uintptr) *uint32 { return (*uint32)(unsafe.Add(at, offset)) }

// put copies a text and its length to a record; what does not fit is cut.
func put(at unsafe.Pointer, lengthAt, textAt, size uintptr, text string) {
	*half(at, lengthAt) = uint32(min(len(text), 1<<32-1))
	copy(unsafe.Slice((*byte)(unsafe.Add(at, textAt)), size), text)
}

// claim makes a record's sequence number odd; false if another thread has.
func claim(record unsafe.Pointer) (sequence uint64, ok bool) {
	p := word(record, boxformat.NoteSequence)
	sequence = atomic.LoadUint64(p)
	return sequence, sequence&1 == 0 && atomic.CompareAndSwapUint64(p, sequence, sequence+1)
}

// release makes it even again.
func release(record unsafe.Pointer, sequence uint64) {
	atomic.StoreUint64(word(record, boxformat.NoteSequence), sequence)
}

// monotonic is the time on the clock that the core uses after a fault.
// time.Since reads that clock, through the vDSO.
func monotonic() uint64 { return clock.base + uint64(time.Since(clock.at)) }

var clock = func() (c struct {
	base uint64
	at   time.Time
}) {
	var ts unix.Timespec
	c.at = time.Now()
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) == nil {
		c.base = uint64(ts.Nano())
	}
	return c
}()

// notesOpen waits while the notes are moved; it is false once a crash is being
// reported.
func notesOpen() bool {
	for {
		switch atomic.LoadUint32(half(notes, boxformat.NotesFrozen)) {
		case boxformat.NotesOpen:
			return true
		case boxformat.NotesCrash:
			return false
		}
		runtime.Gosched()
	}
}

// Breadcrumb writes the text to the next record.
func (Engine) Breadcrumb(text string) {
	if atomic.LoadUint32(half(notes, boxformat.NotesFrozen)) != boxformat.NotesOpen {
		return
	}
	now := monotonic()
	var goroutine uint64
	var thread uint32
	if who := selfLayout(); who.Valid() {
		goroutine, thread = who.Self()
	}
	for range crumbTries {
		n := atomic.AddUint64(word(notes, boxformat.NotesCrumbs), 1) - 1
		crumb := unsafe.Add(notes, boxformat.CrumbsOffset+n%boxformat.Crumbs*boxformat.CrumbSize)
		sequence := word(crumb, boxformat.NoteSequence)
		old := atomic.LoadUint64(sequence)
		if old&1 != 0 || old > 2*n || !atomic.CompareAndSwapUint64(sequence, old, 2*n+1) {
			continue
		}
		*word(crumb, boxformat.NoteTime) = now
		*half(crumb, boxformat.CrumbThread) = thread
		*word(crumb, boxformat.CrumbGoroutine) = goroutine
		put(crumb, boxformat.CrumbLength, boxformat.CrumbText, boxformat.CrumbTextSize, text)
		release(crumb, 2*n+2)
		return
	}
	atomic.AddUint64(word(notes, boxformat.NotesDropped), 1)
}

// An annotated key has a record until it is removed. The map from keys to
// records is replaced, not changed, so that a new value for a known key needs
// no lock.
type annotated struct {
	record  unsafe.Pointer
	removed atomic.Bool // changed and read by who has claimed the record
}

var (
	annotations     atomic.Pointer[map[string]*annotated]
	annotationsLock sync.Mutex // for adding and removing keys
)

// Annotate writes the value to the key's record.
func (Engine) Annotate(key, value string) {
	if !notesOpen() || key == "" {
		return
	}
	if known := annotations.Load(); known != nil && value != "" {
		if a := (*known)[key]; a != nil {
			sequence, ok := claim(a.record)
			// When another thread is writing the record at this moment, that
			// value may as well have come after this one.
			if !ok || a.set(sequence, key, value) {
				return
			}
		}
	}
	annotationsLock.Lock()
	defer annotationsLock.Unlock()
	known := map[string]*annotated{}
	used := map[unsafe.Pointer]bool{}
	if old := annotations.Load(); old != nil {
		for k, a := range *old {
			known[k] = a
			used[a.record] = true
		}
	}
	a := known[key]
	switch {
	case a != nil && value != "":
		a.set(a.wait(), key, value)
		return
	case a != nil:
		sequence := a.wait()
		a.removed.Store(true)
		*half(a.record, boxformat.ValueLength) = 0
		release(a.record, sequence+2)
		delete(known, key)
	case value != "":
		for i := uintptr(0); i < boxformat.Annotations && a == nil; i++ {
			record := unsafe.Add(notes, boxformat.AnnotationsStart+i*boxformat.AnnotationSize)
			if !used[record] {
				a = &annotated{record: record}
			}
		}
		if a == nil {
			atomic.AddUint64(word(notes, boxformat.NotesRefused), 1)
			return
		}
		a.set(a.wait(), key, value)
		known[key] = a
	}
	annotations.Store(&known)
}

// wait claims the record, which is held no longer than a copy takes.
func (a *annotated) wait() uint64 {
	for {
		if sequence, ok := claim(a.record); ok {
			return sequence
		}
		runtime.Gosched()
	}
}

// set writes the record, which is claimed, and releases it; false if the key was
// removed in between.
func (a *annotated) set(sequence uint64, key, value string) bool {
	if a.removed.Load() {
		release(a.record, sequence)
		return false
	}
	*word(a.record, boxformat.NoteTime) = monotonic()
	put(a.record, boxformat.KeyLength, boxformat.AnnotationKey, boxformat.KeySize, key)
	put(a.record, boxformat.ValueLength, boxformat.AnnotationValue, boxformat.ValueSize, value)
	release(a.record, sequence+2)
	return true
}
