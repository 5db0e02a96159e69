//go:build linux && cgo

package main
func tour(args []string) int { return 0 }
