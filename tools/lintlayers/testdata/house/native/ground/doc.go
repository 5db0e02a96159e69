//go:build cgo

// Package ground is a floor.
package ground

// #cgo CFLAGS: -std=c11 -O2
// #cgo special CFLAGS: -DSPECIAL
import "C"

import (
	"embed"
)

//go:embed *.h
var _ embed.FS
