// Package goroutines turns what the Go runtime says about its goroutines into the
// lines of a report: equal stacks together, the largest groups first, the
// goroutine that crashed before all others.
//
// It is used by a process that is crashing, so it takes a bounded amount of
// memory for what it is given, writes into memory that it is given, and counts
// what it leaves out.
package goroutines
