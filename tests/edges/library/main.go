//go:build linux && (amd64 || arm64) && cgo

// Library is a C library written in Go that has a copy of Epitaph of its own.
package main

import "C"

import "github.com/epitaph-go/epitaph/handler"

//export LibraryEnable
func LibraryEnable() *C.char {
	if err := handler.Enable(); err != nil {
		return C.CString(err.Error())
	}
	return C.CString("enabled")
}

func main() {}
