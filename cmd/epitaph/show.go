package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/epitaph-go/epitaph/internal/cli"
	"github.com/epitaph-go/epitaph/internal/terminal"
	"github.com/epitaph-go/epitaph/report"
)

var showCommand = cli.Command{
	Name: "show", Args: "[FILE|DIR|-]...",
	Short: "a report to read, or a table of many",
	Help: `Shows the report in FILE: what crashed where, the stack with the source where its
files are there, breadcrumbs, goroutines and threads. cgo's own frames are folded.
A directory, a log or several files with more than one report are shown as a table by
signature, the newest first. Without a FILE, standard input is read.

  epitaph show -color always FILE | less -R
`,
	Notes: "The exit status is 1 for trouble and, with -e, when there was a crash or a hang.",
	Setup: setUpShow,
}

type showFlags struct {
	all, exit bool
	signature string
	color     string
	src       dirs
}

func setUpShow(flags *flag.FlagSet) cli.Action {
	var f showFlags
	flags.BoolVar(&f.all, "all", false, "fold nothing, and show the stacks of all goroutines and threads, registers and modules")
	flags.BoolVar(&f.exit, "e", false, "exit with status 1 if there is a report of a crash or a hang, and with 0 if there is no report")
	flags.StringVar(&f.signature, "sig", "", "of the reports with this `signature`, or one that begins so, show the newest")
	flags.StringVar(&f.color, "color", "auto", "`when` to use colour: auto, always or never")
	flags.Var(&f.src, "src", "look for source files below `DIR`, too. May be given several times")
	return func(env *cli.Env, args []string) error { return show(env, f, args) }
}

func show(env *cli.Env, f showFlags, args []string) error {
	p, err := newPainter(env, f.color)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		if in, ok := env.In.(*os.File); ok && terminal.Is(in) {
			return cli.Usage("no FILE, and standard input is a terminal")
		}
		args = []string{"-"}
	}
	t := table{want: f.signature}
	_, trouble, err := readReports(env, args, t.add)
	switch {
	case err != nil:
		return err
	case t.total == 0 && trouble:
		return cli.Status(exitFailure)
	case t.total == 0 && !f.exit:
		for i := range args {
			args[i] = inputName(args[i])
		}
		return fmt.Errorf("%s: there is no report in it", strings.Join(args, ", "))
	case t.total == 0:
		return nil
	case t.kept == nil && t.want != "":
		return fmt.Errorf("no report has the signature %s", t.want)
	}
	if t.want != "" || t.total == 1 {
		err = showReport(env.Out, p, *t.kept, f.all, sources{f.src, t.kept.Report})
	} else {
		err = t.write(env.Out, p)
	}
	if err == nil && (trouble || f.exit && t.bad) {
		err = cli.Status(exitFailure)
	}
	return err
}

// A painter colours text for a terminal, or leaves it as it is.
type painter struct{ on bool }

// newPainter is that for a value of -color.
func newPainter(env *cli.Env, color string) (painter, error) {
	switch color {
	case "auto":
		return painter{env.Color()}, nil
	case "always", "never":
		return painter{color == "always"}, nil
	}
	return painter{}, cli.Unknown("value of -color", color, []string{"auto", "always", "never"})
}

// The styles of what is shown.
const (
	bold   = "1"
	faint  = "2"
	red    = "1;31"
	yellow = "33"
	blue   = "36"
)

func (p painter) paint(style, text string) string {
	if !p.on || text == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

func (p painter) heading(w io.Writer, title, more string) {
	fmt.Fprintf(w, "\n%s", p.paint(bold, title))
	if more != "" {
		fmt.Fprintf(w, "  %s", p.paint(faint, more))
	}
	fmt.Fprintln(w)
}

// isBad reports whether a report is of a crash or a hang: a dump is of a healthy program.
func isBad(r *report.Report) bool { return r.Kind != report.Dump }
