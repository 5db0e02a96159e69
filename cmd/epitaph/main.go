// Epitaph prepares programs for reports with lines, and reads the reports. It is pure
// Go and works on any platform, on the files of Linux programs.
//
// "epitaph help" lists the commands, each tells more with -h. Every command is a file
// here, with its row of the table (cli.Command), its flags and its action. The table is
// in this file.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/epitaph-go/epitaph/internal/cli"
)

// The exit statuses.
const (
	exitFailure = 1
	exitUsage   = 2
)

var app = cli.App{
	Name:  "epitaph",
	About: "Epitaph reads crash reports, and prepares programs for reports with lines.",
	Notes: `A FILE is text with reports in it: a .crash file, a log, what collectors of logs
made of one. "-" is standard input.

The exit status is 0, 1 for trouble, 2 for a wrong command line. NO_COLOR turns
colour off, FORCE_COLOR turns it on where the output is no terminal.`,
	UsageStatus: exitUsage,
	Commands: []cli.Command{
		showCommand,
		diffCommand,
		sigCommand,
		jsonCommand,
		htmlCommand,
		boxCommand,
		resolveCommand,
		indexCommand,
		exportCommand,
		shipCommand,
		ciCommand,
	},
}

func main() { app.Main() }

// oneFile returns the one argument that there must be.
func oneFile(args []string) (string, error) {
	if len(args) != 1 {
		return "", cli.Usage("%d files, want one", len(args))
	}
	return args[0], nil
}

// dirs is a flag that may be given several times.
type dirs []string

func (d *dirs) String() string { return fmt.Sprint(*d) }

func (d *dirs) Set(dir string) error {
	if info, err := os.Stat(dir); err != nil {
		return err
	} else if !info.IsDir() {
		return errors.New("not a directory")
	}
	*d = append(*d, dir)
	return nil
}
