// Package revive has a goroutine go on that has died of a panic, for which the runtime has stopped
// all others: in a copy of the process, to tell its panic, or in the process itself, for
// the crash hook.
//
// It breaks when a release of Go ends a process in another way. It is the one package of
// the five whose variables are written to in a process that goes on.
package revive
