//go:build cgo

// Package cgo is the binding.
package cgo

// #cgo CFLAGS: -I${SRCDIR}/../native
// #include "top/top.h"
import "C"

import (
	_ "example.com/house/native/ground"
	_ "example.com/house/native/middle"
	_ "example.com/house/native/top"
)
