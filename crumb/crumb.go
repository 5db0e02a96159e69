// Package crumb is for authors of libraries: it leaves breadcrumbs in the crash reports of
// programs that use Epitaph, and does nothing in all others.
//
// It needs no cgo and links nothing of Epitaph, so a library that imports it adds nothing to
// its users' programs. In a program that imports package handler, [Drop] is handler.Breadcrumb.
//
//	func (d *Decoder) Next() (*Frame, error) {
//		crumb.Drop("decoder: next frame")
//		...
//	}
package crumb

import "github.com/epitaph-go/epitaph/internal/crumbs"

// Drop records what the library is doing. A crash report of a program that has linked package
// handler shows the newest 128 such texts of all its packages, with their age, thread and goroutine. In
// another program the call is one load.
//
// A text is cut after 224 bytes, which is marked, and ends at a NUL byte; do not put secrets
// into it. Build a text that costs something only if [Kept] reports true. It is safe for
// concurrent use, without a lock, and takes about 100 ns where the text is kept. It must not
// be called after a fault.
func Drop(text string) {
	if leave := crumbs.Leave.Load(); leave != nil {
		(*leave)(text)
	}
}

// Kept reports whether the program keeps breadcrumbs, because it has linked package handler.
// It is safe for concurrent use.
func Kept() bool { return crumbs.Leave.Load() != nil }
