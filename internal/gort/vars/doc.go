// Package vars finds variables of the runtime that the core reads, and in one case writes: the
// level of GOTRACEBACK, what the runtime has printed last, which signals the program
// wants, and the descriptor of the crash output.
//
// It breaks when a release of Go moves one of them, or uses it in another way.
package vars
