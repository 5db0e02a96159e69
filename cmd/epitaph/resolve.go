package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/epitaph-go/epitaph/report"
)

const resolveUsage = `Usage: epitaph resolve [-debug DIR]... FILE

Resolve prints the reports in FILE ("-" is standard input), which may have other
text around them, with the functions, lines and inlined calls of the C frames that
have none: those of programs and libraries that were stripped. What a module is
called in is known by its build-id: its own file, its debug file, or its block of
symbols, which "epitaph index" has made. The text around the reports is left out.

  -debug DIR    look there for .build-id/xx/yyyy.debug, .build-id/xx/yyyy.episym,
                and for files that are called like the module, or like it and
                ".episym". May be given several times. The modules' own paths
                and /usr/lib/debug are looked at in any case.

The exit status is 2 when a frame's module was not found; standard error names it.
`

func resolve(c *command) int {
	flags := flag.NewFlagSet("resolve", flag.ContinueOnError)
	var debug dirs
	flags.Var(&debug, "debug", "")
	file, status, done := c.parse(flags, resolveUsage)
	if done {
		return status
	}
	in := c.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return c.fail(err)
		}
		defer f.Close()
		in = f
	}
	found, status := 0, exitOK
	s := report.NewScanner(in)
	for ; s.Scan(); found++ {
		r := s.Report()
		if err := report.Resolve(r, debug...); err != nil {
			fmt.Fprintf(c.stderr, "epitaph: %v\n", err)
			status = exitPartly
		}
		text, err := r.MarshalText()
		if err == nil {
			_, err = c.stdout.Write(text)
		}
		if err != nil {
			return c.fail(err)
		}
	}
	if err := s.Err(); err != nil {
		return c.fail(fmt.Errorf("%s: %w", file, err))
	}
	if found == 0 {
		return c.fail(fmt.Errorf("%s: there is no report in it", file))
	}
	return status
}
