//go:build linux && (amd64 || arm64)

package scan

import (
	"fmt"
	"runtime"
	"unsafe"
)

// Code is a function's instructions. What its methods return are addresses of variables
// and functions, in the order of the instructions. The machine decides what the instructions
// look like, and so each machine has the methods in a file of its own; what
// only looks like such an instruction may add addresses that the caller has to rule out.
type Code struct {
	entry uintptr
	text  []byte
}

// Body returns the code of the function that begins at entry.
func Body(entry uintptr) Code {
	const step, most = 16, 2048
	n := uintptr(step)
	for ; n < most; n += step {
		if f := runtime.FuncForPC(entry + n); f == nil || f.Entry() != entry {
			break
		}
	}
	return Code{entry, unsafe.Slice(*(**byte)(unsafe.Pointer(&entry)), n)}
}

// Text returns the bytes.
func (c Code) Text() []byte { return c.text }

// Called returns the address of a function that the one at entry calls.
func Called(entry uintptr, name string) (uintptr, error) {
	return named(Body(entry).calls(), name)
}

// Closure returns the address of a function that the one at entry has the address of.
func Closure(entry uintptr, name string) (uintptr, error) {
	return named(Body(entry).Taken(), name)
}

func named(targets []uintptr, name string) (uintptr, error) {
	for _, target := range targets {
		if f := runtime.FuncForPC(target); f != nil && f.Entry() == target && f.Name() == name {
			return target, nil
		}
	}
	return 0, fmt.Errorf("gort/scan: no %s where one is expected", name)
}

// Behind returns the address of a function in the same source file as the one at entry,
// and not far behind it: the linker keeps to the order of the compiler.
func Behind(entry uintptr, name string) (uintptr, error) {
	const most = 128 << 10
	for at := entry; at < entry+most; at += align {
		if f := runtime.FuncForPC(at); f != nil && f.Entry() == at && f.Name() == name {
			return at, nil
		}
	}
	return 0, fmt.Errorf("gort/scan: no %s where one is expected", name)
}

// Entry is the address of the first instruction of the func value at f.
func Entry(f unsafe.Pointer) uintptr { return **(**uintptr)(f) }

// PrintStatement is the address of a function that is one print statement.
func PrintStatement() uintptr {
	statement := printed
	return Entry(unsafe.Pointer(&statement))
}

// printed is here for its code only.
//
//go:noinline
func printed(s string) { print(s) }
