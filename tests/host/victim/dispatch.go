//go:build linux && (amd64 || arm64) && cgo

package main

// #include "dispatch.h"
import "C"

import "github.com/epitaph-go/epitaph/internal/victim/scenario"

func init() {
	scenarios["dispatch"] = func(s settings) {
		s.Enable()
		scenario.Say("sum %d", C.dispatch_calls(3))
	}
}
