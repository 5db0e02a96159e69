//go:build linux && cgo

package main

import (
	"fmt"
	"io"
	"os"

	"github.com/epitaph-go/epitaph/blackbox"
)

// blackBox prints the black box of a program that runs or has ended.
func blackBox(args []string) int {
	if len(args) != 1 {
		io.WriteString(os.Stderr, usage)
		return exitUsage
	}
	run, err := blackbox.Open(args[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, "crashdemo:", err)
		return exitFailure
	}
	if _, err := run.WriteTo(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "crashdemo:", err)
		return exitFailure
	}
	return exitOK
}
