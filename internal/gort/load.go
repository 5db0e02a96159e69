//go:build linux && (amd64 || arm64)

package gort

import (
	"errors"
	"fmt"
	"unsafe" // also for go:linkname
)

// moduleWords is how much of the module data is looked at: more than the 45
// words up to epclntab (Go 1.27) and textsectmap behind it, less than the
// whole struct of any release since 1.20.
const moduleWords = 52

// Words of runtime.moduledata that have kept their place since Go 1.20.
const (
	wordHeader = 0  // pcHeader
	wordText   = 22 // text
	wordEText  = 23 // etext
)

//go:linkname lastmoduledatap runtime.lastmoduledatap
var lastmoduledatap *[moduleWords]uintptr

// program is the module data of the program itself: no plugin can have been opened before
// this package was initialised.
var program = lastmoduledatap

// bounds is in assembly, since only that can name the linker's symbols.
func bounds() (text, etext, pclntab, epclntab, getg uintptr)

// pclntabHeader returns runtime.pclntab as a pointer; a uintptr of bounds could
// not be turned into one.
func pclntabHeader() *header

// getg returns g in the register in which C expects a result.  It is never called from
// Go; the declaration is for vet.
//
//lint:ignore U1000 bounds takes its address in assembly
func getg()

// G returns the calling goroutine's g, a *runtime.g.
func G() unsafe.Pointer

// GWords is how much of runtime.g may be looked at: less than the whole struct
// of any release since 1.20.
const GWords = 40

// header is runtime.pcHeader, the beginning of the pclntab.
type header struct {
	magic          uint32
	pad            [2]uint8
	minLC, ptrSize uint8
}

// Load finds the Go part of the process.  An error says which of the checks
// failed; Text, EText and GetG are right even then, the rest must not be used.
//
// It takes no lock and allocates nothing unless it fails; it is meant to be
// called once, while the process is healthy.
func Load() (Runtime, error) {
	var rt Runtime
	rt.Text, rt.EText, rt.Pclntab, rt.EPclntab, rt.GetG = bounds()
	head := pclntabHeader()
	// Go120PCLnTabMagic of internal/abi/symtab.go; 8 is goarch.PtrSize.
	if head.magic != 0xfffffff1 || head.pad != [2]uint8{} || head.minLC != quantum || head.ptrSize != 8 {
		return rt, fmt.Errorf("gort: header of the pclntab: magic %#x, quantum %d, pointer size %d: not the format of Go 1.20 to 1.27",
			head.magic, head.minLC, head.ptrSize)
	}
	word, err := findGoFunc(program, &rt)
	if err != nil {
		return rt, err
	}
	rt.GoFunc, rt.GoFuncWord = program[word], word
	rt.Module = uintptr(unsafe.Pointer(program))
	rt.LastModule = uintptr(unsafe.Pointer(&lastmoduledatap))
	return rt, nil
}

// findGoFunc finds the word of MODULE that is moduledata.gofunc.
func findGoFunc(module *[moduleWords]uintptr, rt *Runtime) (int, error) {
	if module == nil {
		return 0, errors.New("gort: runtime.lastmoduledatap is nil")
	}
	// It is the program's own, and not that of a shared build mode (-linkshared).
	for _, check := range [...]struct {
		name string
		word int
		want uintptr
	}{
		{"pcHeader", wordHeader, rt.Pclntab},
		{"text", wordText, rt.Text},
		{"etext", wordEText, rt.EText},
	} {
		if got := module[check.word]; got != check.want {
			return 0, fmt.Errorf("gort: moduledata.%s is %#x, the linker's symbol %#x: another module, or an unknown layout",
				check.name, got, check.want)
		}
	}
	// gofunc stands before epclntab, at an offset that differs between 1.26
	// and 1.27.  Other words may equal epclntab by chance (sections touch);
	// only gofunc's neighbour follows a word that lies in the table itself.
	for i := wordEText + 2; i+4 <= moduleWords; i++ {
		gofunc := module[i-1]
		if module[i] != rt.EPclntab || gofunc < rt.Pclntab || gofunc >= rt.EPclntab {
			continue
		}
		// textsectmap follows: []textsect{vaddr, end, baseaddr}.  Offsets
		// count from runtime.text only while there is a single section.
		if n := module[i+2]; n != 1 {
			return 0, fmt.Errorf("gort: %d text sections, not 1", n)
		}
		return i - 1, nil
	}
	return 0, errors.New("gort: moduledata has no gofunc where it is expected: an unknown layout")
}
