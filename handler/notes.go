package handler

import "github.com/epitaph-go/epitaph/internal/crumbs"

// Annotate records a value that is true of the whole program now. A crash report shows
// the value that each key has at the crash. A new value replaces the old one; an empty
// value removes the key. For a value of one request, use [runtime/pprof.Do]: reports
// show the labels of the goroutine that crashed.
//
// There is room for 64 keys; further ones are ignored. A key is cut after 64 bytes, a
// value after 424, and the cut is marked. Both end at a NUL byte. They are printed in
// reports, so do not put secrets into them.
//
// It takes less than 100 ns for a key that has a value, about a microsecond and a lock
// for one that is added or removed. It may be called before [Enable], does nothing
// without the C core, and is safe for concurrent use. It must not be called after a
// fault.
func Annotate(key, value string) { engine.Annotate(key, value) }

// Breadcrumb records what the program is doing. A crash report shows the newest 128
// texts, each with its age, thread and goroutine. C code calls epi_breadcrumb of
// native/epitaph.h. A library calls [github.com/epitaph-go/epitaph/crumb.Drop], which
// does not link Epitaph.
//
// A text is cut after 224 bytes, which is marked, and ends at a NUL byte.
//
// It takes less than 100 ns and no lock. It may be called before [Enable], does nothing
// without the C core, and is safe for concurrent use. It must not be called after a
// fault.
func Breadcrumb(text string) { engine.Breadcrumb(text) }

func init() {
	leave := Breadcrumb
	crumbs.Leave.Store(&leave)
}

// NotePanic formats the panic that runs it, in case it stays unrecovered: the report
// then has the whole chain of an error, as package stackfmt prints it, where Go's own
// text has the result of Error only. Without NotePanic the chain is formatted in a
// forked copy of the process, which is not always possible (see the package
// documentation). Defer it first in each goroutine and in main:
//
//	go func() {
//		defer handler.NotePanic()
//		...
//	}()
//
// It does not recover the panic, and changes nothing of what Go prints. A panic that is
// recovered further out is in no report. Without a panic it takes some nanoseconds. With
// one it calls the methods Error, Unwrap and String of the value, each of which may
// panic without harm. At most 16 KiB of text are kept.
//
// It does nothing before [Enable], without the C core, and with a Go runtime that
// Epitaph does not recognize. It is safe for concurrent use.
func NotePanic() { engine.NotePanic() }
