// Package panics finds where a goroutine has its id, and where it has the panics that it is in
// the middle of, by looking at goroutines whose id and panic are known.
//
// It breaks when a release of Go has them no longer in runtime.g and runtime._panic.
package panics
