//go:build linux && (amd64 || arm64) && cgo

package main

// #cgo LDFLAGS: -ldl
// #include <stdlib.h>
// #include "sent.h"
import "C"

import (
	"os"
	"os/signal"
	"syscall"
	"time"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func init() {
	// Sends itself the setting signal, by the setting by, where the setting for has a handler
	// for it, or has it ignored.
	scenarios["sent"] = func(s settings) {
		number := s.Number("signal")
		s.Enable()
		channel := make(chan os.Signal, 8)
		switch s["for"] {
		case "handler":
			check(C.sent_handle(C.int(number)))
		case "library":
			path := C.CString(os.Getenv("LIBRARY"))
			defer C.free(unsafe.Pointer(path))
			check(C.sent_handle_in(path, C.int(number)))
		case "ignored":
			check(C.sent_ignore(C.int(number)))
		case "channel":
			signal.Notify(channel, syscall.Signal(number))
		}
		by := C.CString(s["by"])
		defer C.free(unsafe.Pointer(by))
		thread := C.int(0)
		if s["place"] == "thread" {
			thread = 1
		}
		check(C.sent_send(by, C.int(number), thread))
		if s["for"] == "channel" {
			select {
			case got := <-channel:
				scenario.Say("got %v", got)
			case <-time.After(2 * time.Second):
				scenario.Say("got nothing")
			}
		}
		scenario.Say("lived, and the handlers had %d calls", C.sent_calls())
	}
}
