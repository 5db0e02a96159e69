//go:build linux && amd64 && cgo

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"

	"github.com/epitaph-go/epitaph/handler"
)

// idle does nothing, with n goroutines, until its standard input ends: without
// Epitaph ("plain"), with all of it but the snapshots ("quiet"), or with all of
// it and a black box.
func idle(how, n, box string) error {
	count, err := strconv.Atoi(n)
	if err != nil {
		return err
	}
	park(count)
	options := map[string][]handler.Option{
		"quiet":     {handler.WithSnapshot(0)},
		"snapshots": {handler.WithBlackBox(box)},
	}[how]
	if options != nil {
		if err := handler.Enable(options...); err != nil {
			return err
		}
		if err := handler.Ready(context.Background()); err != nil {
			return err
		}
	}
	debug.FreeOSMemory() // that starting left behind
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
	return nil
}
