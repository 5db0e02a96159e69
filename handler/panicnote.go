package handler

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
