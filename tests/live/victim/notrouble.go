//go:build linux && (amd64 || arm64) && cgo && !epitaph_test

package main

import (
	"errors"

	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func trouble(s settings) {
	if s["trouble"] != "" {
		scenario.Must(errors.New("built without trouble"))
	}
}
