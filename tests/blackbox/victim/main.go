//go:build linux && (amd64 || arm64) && cgo

// Victim is the program whose black boxes are tested:
//
//	victim BOX PERIOD
//
// enables Epitaph with a black box and snapshots every PERIOD ("-": without a box),
// then does what the lines of its standard input say, and answers each with
// "done".
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

var commands = map[string]func(arg string){}

func options(path, period string) []handler.Option {
	d, err := time.ParseDuration(period)
	scenario.Must(err)
	opts := []handler.Option{handler.WithSnapshot(d)}
	if path != "-" {
		opts = append(opts, handler.WithBlackBox(path))
	}
	return opts
}

func main() {
	scenario.Must(handler.Enable(options(os.Args[1], os.Args[2])...))
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		name, arg, _ := strings.Cut(lines.Text(), " ")
		command := commands[name]
		if command == nil {
			scenario.Must(fmt.Errorf("no command %q", name))
		}
		command(arg)
		fmt.Println("done")
	}
}
