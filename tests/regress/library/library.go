//go:build linux && amd64 && cgo

// Library is a c-shared library that uses Epitaph; host.c is the program that
// loads it. The Go runtime of such a library handles only some of the seven
// signals.
package main

import "C"

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/tests/regress/undefined"
)

//export LibraryEnable
func LibraryEnable() {
	if err := handler.Enable(); err != nil {
		fmt.Fprintln(os.Stderr, "library:", err)
		os.Exit(1)
	}
}

//export LibraryRun
func LibraryRun(name *C.char) {
	switch C.GoString(name) {
	case "breakpoint":
		runtime.Breakpoint()
	case "undefined":
		undefined.Instruction()
	case "notify":
		got := make(chan os.Signal, 1)
		signal.Notify(got, syscall.SIGABRT)
		fmt.Println("ready")
		select {
		case g := <-got:
			fmt.Println("got", g)
		case <-time.After(5 * time.Second):
		}
	case "nil":
		defer func() { fmt.Println("a nil pointer:", recover()) }()
		var p *int
		*p = 1
	}
}

func main() {}
