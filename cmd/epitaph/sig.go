package main

import (
	"flag"
	"fmt"

	"github.com/epitaph-go/epitaph/internal/cli"
	"github.com/epitaph-go/epitaph/report"
)

var sigCommand = cli.Command{
	Name: "sig", Args: "FILE|DIR|-...",
	Short: "the signatures of reports, by which equal crashes are known",
	Help: `Prints a line for each report in FILE: its signature, where it stands, and what it
says. Equal crashes have equal signatures, on all machines and in all builds. One
that begins with ~ is of a program without symbols: it holds for that build alone.
`,
	Setup: setUpSig,
}

func setUpSig(flags *flag.FlagSet) cli.Action {
	parts := flags.Bool("parts", false, "print what each signature is made of, too")
	var debug dirs
	flags.Var(&debug, "debug", "resolve the report first, with the debug files in `DIR`. May be given several times")
	return func(env *cli.Env, args []string) error {
		return eachReport(env, args, func(f finding) error {
			if len(debug) > 0 {
				if err := report.Resolve(f.Report, debug...); err != nil {
					fmt.Fprintf(env.Err, "epitaph: %v\n", err)
				}
			}
			if _, err := fmt.Fprintf(env.Out, "%s  %v  %s\n", f.Signature(), f, f.Summary()); err != nil {
				return err
			}
			if *parts {
				for _, part := range f.SignatureParts() {
					fmt.Fprintf(env.Out, "    %s\n", part)
				}
			}
			return nil
		})
	}
}
