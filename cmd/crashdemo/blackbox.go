//go:build linux && cgo

package main

import (
	"flag"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/internal/cli"
)

var blackBoxCommand = cli.Command{
	Name: "blackbox", Args: "FILE",
	Short: "what a program left in its black box, and how it ended",
	Help:  "Prints the black box of a program that runs or has ended, as \"epitaph box\" does.\n",
	Setup: func(*flag.FlagSet) cli.Action { return blackBox },
}

// blackBox prints the black box of a program that runs or has ended.
func blackBox(env *cli.Env, args []string) error {
	if len(args) != 1 {
		return cli.Usage("%d files, want one", len(args))
	}
	run, err := blackbox.Open(args[0])
	if err == nil {
		_, err = run.WriteTo(env.Out)
	}
	return err
}
