//go:build linux && (amd64 || arm64) && cgo && !nocxx

// Victim ends by an uncaught C++ exception:
//
//	victim NAME [SETTING ...]
//
// The settings are done in order; NAME is what happens then.
package main

// #include <stdlib.h>
// #include "throws.h"
import "C"

import (
	"fmt"
	"os"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func main() {
	for _, setting := range os.Args[2:] {
		switch setting {
		case "enable":
			scenario.Must(handler.Enable())
		case "disable":
			handler.Disable()
		case "own":
			C.own_handler(0)
		case "own-chain":
			C.own_handler(1)
		case "quiet":
			C.quiet_handler()
		case "is-own":
			fmt.Println(C.is_own_handler())
		default:
			scenario.Must(fmt.Errorf("no such setting: %s", setting))
		}
	}
	switch name := os.Args[1]; name {
	case "many":
		C.many()
	default:
		C.throws(C.CString(name))
	}
}
