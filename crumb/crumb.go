// Package crumb is for authors of libraries: it leaves breadcrumbs in the crash reports of
// programs that use Epitaph, and does nothing in all others.
//
// It needs no cgo and links nothing of Epitaph's: a program whose library imports it is as
// it was. Where the program imports package handler, [Drop] is handler.Breadcrumb.
//
//	func (d *Decoder) Next() (*Frame, error) {
//		crumb.Drop("decoder: next frame")
//		...
//	}
package crumb

import "github.com/epitaph-go/epitaph/internal/crumbs"

// Drop notes what the library does. A crash report of a program that has linked package
// handler shows the last 128 such texts, whoever left them, with their age, thread and
// goroutine. In another program it is one load.
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

// Kept reports whether anybody keeps what [Drop] is told.
func Kept() bool { return crumbs.Leave.Load() != nil }
