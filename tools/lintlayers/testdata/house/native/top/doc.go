//go:build cgo

// Package top is a floor.
package top

// #cgo CFLAGS: -std=c11 -O2
// #cgo special CFLAGS: -DSPECIAL
import "C"

import (
	"embed"

	_ "example.com/house/native/ground"
	_ "example.com/house/native/middle"
)

//go:embed *.h
var _ embed.FS
