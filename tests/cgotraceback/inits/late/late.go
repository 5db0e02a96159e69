//go:build linux && (amd64 || arm64) && cgo

// Package late registers a provider of its own in an init that runs after the one of
// package handler/auto, if the variable LATE is set.
package late

import (
	"os"
	"time"

	_ "github.com/epitaph-go/epitaph/handler/auto" // first
	"github.com/epitaph-go/epitaph/tests/cgotraceback/provider"
)

// Registered tells whether it has.
var Registered bool

func init() {
	if os.Getenv("LATE") == "" {
		return
	}
	time.Sleep(50 * time.Millisecond) // for whoever would be too quick
	provider.Register()
	Registered = true
}
