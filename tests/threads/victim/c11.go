//go:build linux && (amd64 || arm64) && cgo

package main

// #cgo LDFLAGS: -ldl
// #include <stdlib.h>
// #include "c11.h"
import "C"

import (
	"errors"
	"fmt"
	"os"
)

func init() { scenarios["c11"] = c11 }

// c11 has a C11 thread return a number, and another one overflow its stack at once. The threads are
// made by the library that LIBRARY names, or by this program.
func c11(int) error {
	if err := enable(); err != nil {
		return err
	}
	if path := os.Getenv("LIBRARY"); path != "" && C.c11_by_library(C.CString(path)) == 0 {
		return errors.New("no library " + path)
	}
	fmt.Println("result", C.c11_result())
	C.c11_overflow()
	return nil
}
