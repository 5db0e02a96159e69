package handler

import "github.com/epitaph-go/epitaph/internal/crumbs"

// Annotate says what is true of the program now, all of it (for a request, see
// runtime/pprof.Do: reports show the labels of the goroutine that crashed): a crash report shows the
// value that each key has at the crash. A new value replaces the old one, and
// an empty value removes the key. There is no counterpart in Python.
//
// There is room for 64 keys; further ones are ignored. A key is cut after 64
// bytes, a value after 424, which is marked. Both may hold any bytes but NUL,
// which ends them; do not put secrets into them, for they are printed.
//
// It is safe for concurrent use and takes less than 100 ns for a key that has a
// value (a key that is new or removed takes a lock and a microsecond or so).
// It works before [Enable] as well, and does nothing where the core does not
// work. It must not be called after a fault, and changes nothing then.
func Annotate(key, value string) { engine.Annotate(key, value) }

// Breadcrumb notes what the program does. A crash report shows the last 128
// such texts with their age, the thread and the goroutine that left them, oldest first. C code calls epi_breadcrumb of
// native/epitaph.h for the same.
//
// A text is cut after 224 bytes, which is marked, and ends at a NUL byte. It is
// safe for concurrent use, without a lock, and takes less than 100 ns. It works
// before [Enable] as well, and does nothing where the core does not work. It
// must not be called after a fault, and changes nothing then.
//
// A library should call package crumb's Drop, which links nothing of Epitaph.
func Breadcrumb(text string) { engine.Breadcrumb(text) }

func init() {
	leave := Breadcrumb
	crumbs.Leave.Store(&leave)
}

// NotePanic notes the panic that runs it, in case nobody recovers it: then the
// report has the whole chain of an error, as package stackfmt prints it, where
// Go's own report has its Error only. Without it that is made in a copy of the
// process once it has died (see the package's comment), which is not always
// possible. It is to be deferred first of all in a goroutine, and in main:
//
//	go func() {
//		defer handler.NotePanic()
//		...
//	}()
//
// It does not recover the panic and changes nothing of what Go prints. A panic
// that is recovered further out is in no report. Without a panic it takes some
// nanoseconds; with one it calls the methods Error, Unwrap and String of the value,
// each of which may panic without harm. No file is read.
//
// It does nothing before [Enable] was called, in a program whose runtime is not
// one that is known, and where there is no native core. At most 16 KiB are kept.
// Safe for concurrent use.
func NotePanic() { engine.NotePanic() }
