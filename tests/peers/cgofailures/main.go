// Command cgofailures fails in Go code that C called, in the way that its first
// argument names.
package main

/*
#include "callback.h"
*/
import "C"

import (
	"fmt"
	"os"

	"github.com/epitaph-go/epitaph/stackfmt"
)

//export goVisit
func goVisit(n C.int) C.int {
	if n == 0 {
		panic(fmt.Errorf("visiting: %w", os.ErrInvalid))
	}
	return n
}

func walk() { C.walk(3) }

func main() {
	if len(os.Args) != 2 {
		fmt.Println("handled panic-cgo-callback")
		fmt.Println("crash crash-cgo-callback")
		return
	}
	if os.Args[1] == "panic-cgo-callback" {
		defer func() {
			if err := stackfmt.PrintPanic(os.Stdout, recover()); err != nil {
				os.Exit(1)
			}
		}()
	}
	walk()
}
