//go:build linux && (amd64 || arm64) && cgo

// Victim is the program of the regression tests:
//
//	victim SCENARIO [KEY=VALUE ...]
//
// With the setting off it does the same without Epitaph. A scenario that comes
// to its end leaves with status 3. Standard input tells a scenario that waits
// for it to go on.
package main

import "github.com/epitaph-go/epitaph/internal/victim/scenario"

type settings = scenario.Settings

var scenarios = map[string]func(settings){}

func main() { scenario.Main(scenarios) }

func nilDereference() (recovered any) {
	defer func() { recovered = recover() }()
	var p *int
	*p = 1
	return nil
}
