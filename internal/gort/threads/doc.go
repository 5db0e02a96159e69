// Package threads finds where a Go thread (runtime.m) has the kernel's number of the
// thread, and the goroutine that runs on it, by looking at threads whose number and goroutine
// are known.
//
// It breaks when a release of Go has them no longer in the first words of runtime.m, or
// when the goroutine's status and the place of its system call are no longer right in front
// of its id.
package threads
