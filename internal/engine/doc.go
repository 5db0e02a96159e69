// Package engine does the work of package handler with the C core: it switches the core
// on and off, answers its questions about goroutines, takes snapshots, builds the symbol
// index, writes notes, and has the crash hook run. Package pure does what can be
// done without the core.
package engine
