//go:build cgo && linux && amd64

// Package native is the C core of Epitaph: it only compiles the C files beside
// it, so that vendoring keeps them. Package cgo is its Go binding, package
// handler the API.
//
// The handlers must not be instrumented: a stack protector reads a canary that
// the fault may have damaged. The wrapped functions are explained in
// altstack.c; the build tag epitaph_nowrap leaves them out.
package native

// #cgo CFLAGS: -std=c11 -D_GNU_SOURCE -O2 -fno-stack-protector -fvisibility=hidden
// #cgo CFLAGS: -Wall -Wextra -Wconversion
// #cgo !epitaph_nowrap LDFLAGS: -Wl,-wrap=pthread_create -Wl,-wrap=sigaction
// #cgo epitaph_nowrap CFLAGS: -DEPI_NOWRAP
// #cgo epitaph_test CFLAGS: -DEPI_TEST
import "C"
