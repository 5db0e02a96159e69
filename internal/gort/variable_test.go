//go:build linux && amd64

package gort

import (
	"testing"
	"unsafe"
)

var (
	inData     = 1
	inBSS      int
	pointsData = &inData
	pointsBSS  *int
)

func TestIsVariable(t *testing.T) {
	onHeap, word := new([100]int), unsafe.Sizeof(uintptr(0))
	for name, at := range map[string]unsafe.Pointer{
		"noptrdata": unsafe.Pointer(&inData), "noptrbss": unsafe.Pointer(&inBSS),
		"data": unsafe.Pointer(&pointsData), "bss": unsafe.Pointer(&pointsBSS),
	} {
		if !isVariable(uintptr(at), word) {
			t.Errorf("a variable in %s is none", name)
		}
		if isVariable(uintptr(at), 1<<40) {
			t.Errorf("a terabyte at a variable in %s is one", name)
		}
	}
	text, _, pclntab, _, _ := bounds()
	for name, at := range map[string]uintptr{
		"nil": 0, "text": text, "pclntab": pclntab, "the heap": uintptr(unsafe.Pointer(onHeap)), "the kernel": ^uintptr(7),
		"the end": variables()[7] - 1,
	} {
		if isVariable(at, word) {
			t.Errorf("in %s there is a variable", name)
		}
	}
}
