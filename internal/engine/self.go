//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"sync/atomic"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/gort/labels"
	"github.com/epitaph-go/epitaph/internal/gort/threads"
)

// self is where a goroutine finds its own id and that of its thread; nil until it is
// asked for.
var self atomic.Pointer[threads.Layout]

// selfLayout is not valid in a program whose runtime is not one that is known. The first
// call takes some 50 us.
func selfLayout() *threads.Layout {
	if l := self.Load(); l != nil {
		return l
	}
	l, err := threads.Find()
	if err != nil {
		l = threads.Layout{}
	}
	self.Store(&l)
	return &l
}

// learnSelf has the core know it, for the breadcrumbs of C code and for the labels of the
// goroutine that crashes.
func learnSelf() {
	l := selfLayout()
	if !l.Valid() {
		return
	}
	cgo.LearnSelf(l)
	if offset, err := labels.Find(); err == nil {
		cgo.LearnLabels(offset, l)
	}
}
