//go:build linux && (amd64 || arm64) && cgo && rust

package main

// void rust_words(void);
import "C"

func init() { linked = func() { C.rust_words() } }
