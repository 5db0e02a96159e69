//go:build !(cgo && linux && amd64)

// Package native is the C core of Epitaph. It is empty here: the core is ported
// to linux/amd64, with cgo.
package native
