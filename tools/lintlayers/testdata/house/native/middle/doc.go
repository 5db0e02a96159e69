//go:build cgo

// Package middle is a floor.
package middle

// #cgo CFLAGS: -std=c11 -O2
// #cgo special CFLAGS: -DSPECIAL
import "C"

import (
	"embed"

	_ "example.com/house/native/ground"
)

//go:embed *.h
var _ embed.FS
