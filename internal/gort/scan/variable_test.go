//go:build linux && (amd64 || arm64)

package scan

import (
	"testing"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/gort"
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
		if !IsVariable(uintptr(at), word) {
			t.Errorf("a variable in %s is none", name)
		}
		if IsVariable(uintptr(at), 1<<40) {
			t.Errorf("a terabyte at a variable in %s is one", name)
		}
	}
	rt, err := gort.Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, at := range map[string]uintptr{
		"nil": 0, "text": rt.Text, "pclntab": rt.Pclntab, "the heap": uintptr(unsafe.Pointer(onHeap)), "the kernel": ^uintptr(7),
		"the end": variables()[7] - 1,
	} {
		if IsVariable(at, word) {
			t.Errorf("in %s there is a variable", name)
		}
	}
}
