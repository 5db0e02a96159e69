// Package crashes is a corpus of ways in which the C part of a Go program dies: each kind is one small C function in a
// file of its own kind of trouble. The table in table.go says what each does, which signal it ends with, and what is
// special about its stack, so that a test can tell what a report of it must show.
//
// It is for Linux and needs cgo; elsewhere the package is empty. The build tag nocxx leaves out the C++ kinds.
package crashes
