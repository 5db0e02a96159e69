// Package labels finds where a goroutine has the profiler's labels (runtime/pprof.Do), by
// looking at a goroutine that has known ones.
//
// It breaks when a release of Go has them no longer in runtime.g, or keeps a set of labels in
// another form than a slice of pairs of strings.
package labels
