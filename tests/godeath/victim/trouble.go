//go:build linux && (amd64 || arm64) && cgo && epitaph_test

package main

// #include "victim.h"
import "C"

import (
	"sync"
	"time"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func init() {
	// The stage that waits for the copy is given up in the middle.
	kinds["copy-stuck"] = func() {
		if set["off"] == "" {
			scenario.Must(cgo.Trouble("copy", "hang"))
		}
		panic(wrapper{func() error { <-never; return nil }})
	}
	// Go dies in another goroutine while C's crash is reported: a stage hangs for
	// long enough.
	meanwhile := func(name string, die func()) {
		kinds["meanwhile-"+name] = func() {
			scenario.Must(cgo.Trouble("other threads", "hang"))
			time.AfterFunc(300*time.Millisecond, die)
			C.victim_null()
		}
	}
	meanwhile("panic", func() { panic("boom") })
	meanwhile("fatal", func() { new(sync.Mutex).Unlock() })
	meanwhile("fault", func() { kinds["fault"]() })
	// And the other way round.
	kinds["c-meanwhile"] = func() {
		scenario.Must(cgo.Trouble("other threads", "hang"))
		C.victim_null_later()
		panic("boom")
	}
	// Every stage of the report on Go's death fails, in turn or together.
	for _, how := range []string{"fault", "hang", "spin", "abort"} {
		kinds["stage-"+how] = func() {
			scenario.Must(cgo.Trouble(set["stage"], how))
			panic("boom")
		}
	}
}
