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
	Notes: `The exit status is 1 when a frame's module was not found, or when frames of the program
have still no name; standard error says of which module.`,
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
			} else if m := withoutNames(f.Report); m != "" {
				fmt.Fprintf(env.Err, "epitaph: %s was stripped, and no symbols of it were found; -debug DIR says where they are\n", m)
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

// withoutNames returns the module of the program's that has frames without a name, or "".
func withoutNames(r *report.Report) string {
	for i := range r.Threads {
		for _, f := range r.Threads[i].Frames {
			if f.Kind == report.BinaryFrame && f.Func == "" && r.InApp(f) {
				return f.Module
			}
		}
	}
	return ""
}
