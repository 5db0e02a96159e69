//go:build linux && amd64 && cgo

// Duckdb is the program around DuckDB: C++, tens of thousands of symbols, and threads of its own,
// on which a query calls a function that crashes.
package main

// #include <stdlib.h>
// #include "query.h"
import "C"

import (
	"errors"

	_ "github.com/marcboeker/go-duckdb" // the library itself

	"github.com/epitaph-go/epitaph/internal/victim/scenario"
	"github.com/epitaph-go/epitaph/tests/hosts/host"
)

func main() { host.Main(base{}) }

type base struct{}

func failed(message *C.char) error {
	if message == nil {
		return nil
	}
	return errors.New(C.GoString(message))
}

func (base) Start(string) error { return failed(C.query_open()) }

func (base) Work() int64 {
	var sum C.long
	scenario.Must(failed(C.query_sum(&sum)))
	return int64(sum)
}

func (base) Crash(_, kind string) {
	scenario.Must(failed(C.query_crash((*[0]byte)(host.CrashFunction()), C.CString(kind))))
}
