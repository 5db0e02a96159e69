//go:build linux && (amd64 || arm64) && cgo

package main

// #include "victim.h"
import "C"

import (
	"context"
	"fmt"
	"runtime/pprof"
	"strings"
	"unsafe"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/gort"
	"github.com/epitaph-go/epitaph/internal/gort/labels"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func init() { scenarios["labels"] = labeled }

// labeled dies in a goroutine that has labels, as the setting how says.
func labeled(s settings) {
	scenario.Must(handler.Enable(s.Options()...))
	set := pprof.Labels("request", "7f3a", "tenant", "\u0416 = 1", "long", strings.Repeat("x", 500))
	if s["many"] != "" {
		var pairs []string
		for i := range 100 {
			pairs = append(pairs, fmt.Sprintf("k%02d", i), "v")
		}
		set = pprof.Labels(pairs...)
	}
	with := pprof.Do
	if s["how"] == "panic" { // before it dies Do has taken them back
		with = func(ctx context.Context, set pprof.LabelSet, f func(context.Context)) {
			pprof.SetGoroutineLabels(pprof.WithLabels(ctx, set))
			f(ctx)
		}
	}
	go with(context.Background(), set, func(context.Context) {
		switch how := s["how"]; how {
		case "c":
			C.crash()
		case "panic":
			panic("no")
		case "fatal":
			m := map[int]int{}
			go func() {
				for {
					m[1]++
				}
			}()
			for {
				m[1]++
			}
		default:
			damage(how)
			C.crash()
		}
	})
	select {}
}

// damage writes nonsense over the labels: the crash comes before Go looks at them.
func damage(how string) {
	offset, err := labels.Find()
	scenario.Must(err)
	at := (*uintptr)(unsafe.Add(gort.G(), offset))
	words := *(**[3]uintptr)(unsafe.Pointer(at))
	switch how {
	case "nowhere":
		*at = 0xdead0000
	case "noslice":
		words[0] = 0xdead0000
	case "endless":
		words[1] = 1 << 60
	case "string":
		*(*uintptr)(*(*unsafe.Pointer)(unsafe.Pointer(&words[0]))) = 0xdead0000
	default:
		scenario.Must(fmt.Errorf("how=%s?", how))
	}
}
