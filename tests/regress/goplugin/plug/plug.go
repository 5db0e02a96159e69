//go:build linux && (amd64 || arm64) && cgo

// Plug is a Go plugin; host loads it.
package main

// __attribute__((noinline)) static void boom(void) { *(volatile int *)8 = 1; }
import "C"

// Nil recovers from a fault of its own.
func Nil() (recovered any) {
	defer func() { recovered = recover() }()
	var p *struct{ a, b int }
	p.b = 1
	return nil
}

// Panic dies of a panic.
func Panic() { panic("from the plugin") }

// Crash calls C that crashes.
func Crash() { C.boom() }

func main() {}
