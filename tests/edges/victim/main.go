//go:build linux && (amd64 || arm64) && cgo

// Victim is the program that the edge tests make crash:
//
//	victim SCENARIO [KEY=VALUE ...]
//
// A scenario is a small function that enables Epitaph as the settings say, gets
// the process into some awkward state, and crashes. One that is still alive at
// its end leaves with status 3.
package main

import "github.com/epitaph-go/epitaph/internal/victim/scenario"

type settings = scenario.Settings

var scenarios = map[string]func(settings){}

// add is for the init functions of the files that hold the scenarios: some are
// there under a build tag only.
func add(name string, f func(settings)) { scenarios[name] = f }

func main() { scenario.Main(scenarios) }
