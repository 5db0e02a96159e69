//go:build cgo && linux && amd64

// Package native is the C core.
package native

// #cgo CFLAGS: -std=c11 -D_GNU_SOURCE -O2 -fno-stack-protector -fvisibility=hidden -Wall -Wextra -Wconversion
import "C"
