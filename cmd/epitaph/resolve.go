package main

import (
	"flag"
	"fmt"

	"github.com/epitaph-go/epitaph/internal/cli"
	"github.com/epitaph-go/epitaph/report"
)

var resolveCommand = cli.Command{
	Name: "resolve", Args: "FILE",
	Short: "a report, with functions, lines and inlined calls",
	Help: `Prints the reports in FILE ("-" is standard input), which may have other text
around them, with the functions, lines and inlined calls of the C frames that have
none: those of programs and libraries that were stripped. What a module is called
in is known by its build-id: its own file, its debug file, or its block of symbols,
which "epitaph index" has made. The text around the reports is left out.
`,
	Notes: `The exit status is 1 when a frame's module was not found; standard error names it.`,
	Setup: setUpResolve,
}

func setUpResolve(flags *flag.FlagSet) cli.Action {
	var debug dirs
	flags.Var(&debug, "debug", "look in `DIR` for .build-id/xx/yyyy.debug, .build-id/xx/yyyy.episym, and for files that are called like the "+
		"module, or like it and \".episym\". May be given several times. The modules' own paths and /usr/lib/debug are looked at in any case")
	return func(env *cli.Env, args []string) error {
		if _, err := oneFile(args); err != nil {
			return err
		}
		partly := false
		err := eachReport(env, args, func(f finding) error {
			if err := report.Resolve(f.Report, debug...); err != nil {
				fmt.Fprintf(env.Err, "epitaph: %v\n", err)
				partly = true
			}
			text, err := f.MarshalText()
			if err == nil {
				_, err = env.Out.Write(text)
			}
			return err
		})
		if err == nil && partly {
			return cli.Status(exitFailure)
		}
		return err
	}
}
