//go:build linux && amd64 && cgo

// Stdthread overflows the stack of a std::thread of the program's own C++ code: at once, or when
// the thread has waited in some call, which its argument numbers (overflow.cc).
package main

// #cgo CXXFLAGS: -std=c++17 -g
// #cgo LDFLAGS: -lstdc++
// void overflow(int how);
import "C"

import (
	"os"
	"strconv"

	_ "github.com/epitaph-go/epitaph/handler/auto"
)

func main() {
	how, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	C.overflow(C.int(how))
}
