//go:build linux && (amd64 || arm64) && cgo

// Inits is a program that package handler/auto has enabled Epitaph in, in the middle of
// the initialization. It profiles C until the profile has C's function in it, or the
// provider of package late was asked, and says which.
package main

// #cgo CFLAGS: -g -O1
// static volatile unsigned sink;
// __attribute__((noinline)) static void loop(unsigned rounds) { for (unsigned i = 0; i < rounds; i++) sink += i; }
// static void spinning(unsigned rounds) { loop(rounds); sink++; }
import "C"

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"time"

	"github.com/epitaph-go/epitaph/tests/cgotraceback/inits/late"
	"github.com/epitaph-go/epitaph/tests/cgotraceback/provider"
)

func main() {
	named := false
	for begin := time.Now(); !named && !provider.Asked() && time.Since(begin) < 8*time.Second; {
		named = bytes.Contains(profile(), []byte("\x04loop"))
	}
	fmt.Println(late.Registered, named, provider.Asked())
}

func profile() []byte {
	var out bytes.Buffer
	must(pprof.StartCPUProfile(&out))
	C.spinning(30000000)
	pprof.StopCPUProfile()
	r, err := gzip.NewReader(&out)
	must(err)
	data, err := io.ReadAll(r)
	must(err)
	return data
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "inits:", err)
		os.Exit(1)
	}
}
