// Epitaph prepares programs for reports with lines, and reads the reports. It is pure
// Go and works on any platform, on the files of Linux programs.
//
// "epitaph index" makes the block of symbols of a program that is going to be stripped,
// and "epitaph resolve" puts lines into a report of one that was stripped without. Each
// tells more with -h.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// The exit statuses.
const (
	exitOK      = 0
	exitFailure = 1
	exitPartly  = 2  // resolve: some modules have stayed as they were
	exitUsage   = 64 // as EX_USAGE of sysexits.h
)

const usage = `Epitaph prepares programs for crash reports with lines, and reads the reports.

Usage:
  epitaph index FILE [-o X.episym | -embed]   symbols to ship with a stripped program
  epitaph resolve [-debug DIR] FILE           a report, with functions, lines and inlined calls

"epitaph COMMAND -h" tells more of a command. The exit status is 0, 1 for a
failure, 64 for a wrong command line.
`

// A command does its work with the arguments behind its name, and returns the exit
// status.
type command struct {
	args           []string
	in             io.Reader
	stdout, stderr io.Writer
}

func main() {
	os.Exit(run(&command{os.Args[1:], os.Stdin, os.Stdout, os.Stderr}))
}

func run(c *command) int {
	if len(c.args) == 0 {
		io.WriteString(c.stderr, usage)
		return exitUsage
	}
	name := c.args[0]
	c.args = c.args[1:]
	switch name {
	case "index":
		return index(c)
	case "resolve":
		return resolve(c)
	case "help", "-h", "-help", "--help":
		io.WriteString(c.stdout, usage)
		return exitOK
	}
	fmt.Fprintf(c.stderr, "epitaph: unknown command %q\n%s", name, usage)
	return exitUsage
}

// fail says what went wrong.
func (c *command) fail(err error) int {
	fmt.Fprintf(c.stderr, "epitaph: %v\n", err)
	return exitFailure
}

// parse takes the flags and the one file of a command, in any order. When done is
// true there is nothing left to do but to exit with the status.
func (c *command) parse(flags *flag.FlagSet, usage string) (file string, status int, done bool) {
	flags.SetOutput(io.Discard) // the error is printed here, with the right name
	var files []string
	for args := c.args; ; {
		if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
			io.WriteString(c.stdout, usage)
			return "", exitOK, true
		} else if err != nil {
			return "", c.misused(flags, err, usage), true
		}
		if args = flags.Args(); len(args) == 0 {
			break
		}
		files, args = append(files, args[0]), args[1:]
	}
	if len(files) != 1 {
		return "", c.misused(flags, fmt.Errorf("%d files, want one", len(files)), usage), true
	}
	return files[0], exitOK, false
}

// misused tells how a command is to be used.
func (c *command) misused(flags *flag.FlagSet, err error, usage string) int {
	fmt.Fprintf(c.stderr, "epitaph %s: %v\n%s", flags.Name(), err, usage)
	return exitUsage
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
