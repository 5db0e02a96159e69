//go:build linux && (amd64 || arm64)

// Package undefined executes an undefined instruction in Go's text. It stands
// alone because a package that uses cgo cannot hold Go assembly.
package undefined

// Instruction executes it.
func Instruction()
