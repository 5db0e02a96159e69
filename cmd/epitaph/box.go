package main

import (
	"flag"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/internal/cli"
)

var boxCommand = cli.Command{
	Name: "box", Args: "FILE",
	Short: "what a program left in its black box, and how it ended",
	Help: `Prints the black box (handler.WithBlackBox) of a program that runs or has ended: how
it ended, the trend of its last minutes, its goroutines, annotations, breadcrumbs,
and the crash report if there is one.
`,
	Notes: "With -e, the exit status is 1 when the program has ended unexpectedly.",
	Setup: setUpBox,
}

func setUpBox(flags *flag.FlagSet) cli.Action {
	exit := flags.Bool("e", false, "exit with status 1 if the program crashed, was killed, or ended otherwise than it should")
	return func(env *cli.Env, args []string) error {
		file, err := oneFile(args)
		if err != nil {
			return err
		}
		run, err := blackbox.Open(file)
		if err != nil {
			return err
		}
		if _, err = run.WriteTo(env.Out); err == nil && *exit && run.Unexpected() {
			err = cli.Status(exitFailure)
		}
		return err
	}
}
