//go:build linux && amd64 && cgo && !epitaph_test

package main

import "errors"

func (s settings) trouble() {
	if s["trouble"] != "" {
		must(errors.New("built without trouble"))
	}
}
