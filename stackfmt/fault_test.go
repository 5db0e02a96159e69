package stackfmt_test

import "unsafe"

// faultAt reads an address that is not mapped. The pointer is made from memory,
// since vet knows that a uintptr is no pointer.
//
//go:noinline
func faultAt(addr uintptr) byte {
	return **(**byte)(unsafe.Pointer(&addr))
}
