//go:build cgo && linux && (amd64 || arm64)

package cgo_test

import (
	"runtime/debug"
	"strings"
	"testing"
	"unsafe"

	"github.com/epitaph-go/epitaph/cgo"
)

// goruntime is room for a struct epi_goruntime.
type goruntime [16]uint64

func TestNamesAgreeWithTheRuntime(t *testing.T) {
	var rt goruntime
	if err := cgo.GoRuntime(unsafe.Pointer(&rt)); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyNamesNoticesAnotherTable(t *testing.T) {
	var rt goruntime
	if err := cgo.GoRuntime(unsafe.Pointer(&rt)); err != nil {
		t.Fatal(err)
	}
	// struct epi_goruntime: text, pclntab, gofunc.  Text that seems to begin
	// elsewhere gives the names of other functions.
	rt[0] += 64
	err := cgo.VerifyNames(unsafe.Pointer(&rt))
	if err == nil {
		t.Fatal("names of a shifted text were accepted")
	}
	t.Log(err)
	rt[0] -= 64
	info, _ := debug.ReadBuildInfo()
	for _, setting := range info.Settings {
		if setting.Key == "-gcflags" && strings.Contains(setting.Value, "-l") {
			return // nothing is inlined
		}
	}
	// A wrong funcdata base loses the inlined calls.
	rt[4] += 1 << 20
	if err = cgo.VerifyNames(unsafe.Pointer(&rt)); err == nil {
		t.Fatal("inlined calls by a wrong funcdata base were accepted")
	}
	t.Log(err)
}

func BenchmarkGoRuntime(b *testing.B) {
	var rt goruntime
	for b.Loop() {
		if err := cgo.GoRuntime(unsafe.Pointer(&rt)); err != nil {
			b.Fatal(err)
		}
	}
}
