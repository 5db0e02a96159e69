//go:build linux && (amd64 || arm64) && cgo

// Victim is the program that crashes for the tests of live goroutines:
//
//	victim SCENARIO [KEY=VALUE ...]
//
// The settings say what its goroutines do at that moment.
package main

import "github.com/epitaph-go/epitaph/internal/victim/scenario"

type settings = scenario.Settings

func main() {
	scenario.Main(map[string]func(settings){
		"crash":     crash,
		"leak":      leak,
		"idle":      idle,
		"service":   service,
		"snapshots": snapshots,
	})
}
