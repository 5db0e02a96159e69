//go:build cgo && linux && (amd64 || arm64)

package cgo

// #include "report/labels.h"
import "C"

import "github.com/epitaph-go/epitaph/internal/gort/threads"

// LearnLabels tells the core where runtime.g has the profiler's labels, an offset. Calls
// come one at a time.
func LearnLabels(offset uintptr, l *threads.Layout) {
	C.epi_labels_learn(C.uintptr_t(offset), C.uintptr_t(l.M), C.uintptr_t(l.Current))
}
