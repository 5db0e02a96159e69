//go:build linux && (amd64 || arm64) && cgo

// Host loads a Go plugin and calls one of its functions:
//
//	host FILE FUNCTION [KEY=VALUE ...]
//
// With the setting late it enables Epitaph when the plugin is there.
package main

import (
	"os"
	"plugin"
	"strings"

	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func main() {
	s := scenario.Settings{}
	for _, arg := range os.Args[3:] {
		key, value, _ := strings.Cut(arg, "=")
		s[key] = value
	}
	if s["late"] == "" {
		s.Enable()
	}
	p, err := plugin.Open(os.Args[1])
	scenario.Must(err)
	if s["late"] != "" {
		s.Enable()
	}
	f, err := p.Lookup(os.Args[2])
	scenario.Must(err)
	switch f := f.(type) {
	case func():
		f()
	case func() any:
		scenario.Say("%v", f())
	}
}
