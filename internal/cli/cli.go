// Package cli is what the commands epitaph and crashdemo have in common: a table of
// commands, -h for each, suggestions for what was mistyped, exit statuses, version and
// the completion of shells. A program makes an App and calls Run.
//
// Errors are short: what was wrong, a suggestion, and how to get help. The usage is not
// printed along with them, since the error would scroll away.
package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/epitaph-go/epitaph/internal/terminal"
	"github.com/epitaph-go/epitaph/stackfmt"
)

// An App is a program with commands.
type App struct {
	Name string
	// About is a sentence on the program, Notes what stands behind the table of
	// commands: the exit statuses, the environment.
	About, Notes string
	Commands     []Command
	// UsageStatus is the exit status after a wrong command line.
	UsageStatus int
}

// A Command is a row of the table. The program finds it by Name.
type Command struct {
	Name string
	// Args is what follows the flags on the usage line: "FILE|DIR|-...".
	Args string
	// Short is one line for the table, without a full stop; Help is what -h prints between
	// the usage line and the flags: paragraphs of lines of at most 80 columns. Notes comes
	// behind the flags.
	Short, Help, Notes string
	// Words are what the first argument may be, if it is one of a few; they are completed
	// and suggested.
	Words []string
	// Setup defines the flags, and returns the action that runs when they have been
	// parsed. It is also called for -h and for completion, and must do nothing else.
	Setup func(*flag.FlagSet) Action
}

// An Action does the work of a command, with the arguments that are no flags. Its error
// is printed and makes the exit status 1, if it is none of Usage's and no Status.
type Action func(env *Env, args []string) error

// Env is the surroundings of a command.
type Env struct {
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
}

// Color reports whether text on standard output may have colour: it is a terminal, and
// NO_COLOR, FORCE_COLOR and TERM allow it.
func (e *Env) Color() bool {
	if f, ok := e.Out.(*os.File); ok && f != nil {
		return terminal.Colored(f, e.Getenv)
	}
	return e.Getenv("NO_COLOR") == "" && e.Getenv("FORCE_COLOR") != ""
}

// Status is an error that only sets the exit status; what there was to say was said.
type Status int

func (s Status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// usageError is what is wrong with a command line.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

// Usage returns an error on the command line.
func Usage(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// Unknown returns an error on a word of the command line, with the one of words that was
// most likely meant: `unknown kind "null-wirte". Did you mean: 'null-write'?`
func Unknown(what, word string, words []string) error {
	return usageError{suggest(fmt.Sprintf("unknown %s %q", what, word), word, words)}
}

func suggest(text, word string, words []string) string {
	if meant, ok := nearest(word, words); ok {
		return text + ". Did you mean: '" + meant + "'?"
	}
	return text
}

// nearest returns the one of words that was most likely meant: one with two letters
// exchanged, the only one that begins so, or what a traceback would suggest.
func nearest(word string, words []string) (string, bool) {
	begin := ""
	for _, w := range words {
		if exchanged(word, w) {
			return w, true
		}
		if len(word) > 1 && strings.HasPrefix(w, word) {
			if begin != "" {
				return stackfmt.Suggest(word, words)
			}
			begin = w
		}
	}
	if begin != "" {
		return begin, true
	}
	return stackfmt.Suggest(word, words)
}

// exchanged reports whether two letters of a word that stand side by side were typed in
// the wrong order.
func exchanged(typed, word string) bool {
	if len(typed) != len(word) {
		return false
	}
	for i := 1; i < len(word); i++ {
		if typed[i-1] != word[i-1] {
			return typed[i-1] == word[i] && typed[i] == word[i-1] && typed[i+1:] == word[i+1:]
		}
	}
	return false
}

// Main runs the app with the process's arguments and exits.
func (a *App) Main() { os.Exit(a.Run(ProcessEnv(), os.Args[1:])) }

// ProcessEnv returns the surroundings of the process.
func ProcessEnv() *Env { return &Env{os.Stdin, os.Stdout, os.Stderr, os.Getenv} }

// Run runs the command that args name, and returns the exit status.
func (a *App) Run(env *Env, args []string) int {
	call, status := a.Select(env, args)
	if call == nil {
		return status
	}
	return a.Status(env, call, call.Action(env, call.Args))
}

// A Call is a command whose flags have been parsed, with the arguments that are left.
type Call struct {
	Name   string
	Action Action
	Args   []string
}

// Select returns the command that args name. Where there is none to run, since help was
// asked for or the command line is wrong, it has printed what there is to say, and status
// is that to exit with.
func (a *App) Select(env *Env, args []string) (call *Call, status int) {
	if len(args) == 0 {
		a.writeUsage(env.Err)
		return nil, a.UsageStatus
	}
	name := args[0]
	switch name {
	case "help", "-h", "-help", "--help":
		return nil, a.help(env, args[1:])
	case "-version", "--version":
		name = "version"
	}
	for _, c := range a.all() {
		if c.Name == name {
			return a.selected(env, c, args[1:])
		}
	}
	return nil, a.fail(env, "", Unknown("command", name, a.names()))
}

func (a *App) selected(env *Env, c Command, args []string) (call *Call, status int) {
	flags := flag.NewFlagSet(c.Name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the error is printed here, with the right name
	action := c.Setup(flags)
	rest, err := parse(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		a.writeHelp(env.Out, c)
		return nil, 0
	}
	if err == nil && len(c.Words) > 0 && len(rest) > 0 && !slices.Contains(c.Words, rest[0]) {
		err = unknownArgument(rest[0], c.Words)
	}
	if err != nil {
		return nil, a.fail(env, c.Name, err)
	}
	return &Call{c.Name, action, rest}, 0
}

// unknownArgument lists what there is if nothing like it was meant.
func unknownArgument(word string, words []string) error {
	if _, ok := nearest(word, words); ok || len(words) > 8 {
		return Unknown("argument", word, words)
	}
	last := len(words) - 1
	return Usage("unknown argument %q: want %s or %s", word, strings.Join(words[:last], ", "), words[last])
}

// Status prints the error of a call, if it is one to print, and returns the exit status.
func (a *App) Status(env *Env, call *Call, err error) int { return a.fail(env, call.Name, err) }

// fail prints an error, and returns the status that it makes.
func (a *App) fail(env *Env, command string, err error) int {
	var status Status
	var misused usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &misused):
		name := strings.TrimSpace(a.Name + " " + command)
		fmt.Fprintf(env.Err, "%s: %v\nFor help: %s -h\n", name, err, name)
		return a.UsageStatus
	}
	fmt.Fprintf(env.Err, "%s: %v\n", a.Name, err)
	return 1
}

// parse takes the flags, which may stand before, between and behind the arguments, and
// returns the arguments. Behind -- there are no flags.
func parse(flags *flag.FlagSet, args []string) (rest []string, err error) {
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			return nil, flagError(flags, err)
		}
		left := flags.Args()
		if taken := len(args) - len(left); taken > 0 && args[taken-1] == "--" {
			return append(rest, left...), nil
		}
		if len(left) == 0 {
			break
		}
		rest, args = append(rest, left[0]), left[1:]
	}
	return rest, nil
}

// flagError adds a suggestion to the error on a flag that there is not.
func flagError(flags *flag.FlagSet, err error) error {
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		var names []string
		flags.VisitAll(func(f *flag.Flag) { names = append(names, "-"+f.Name) })
		text = suggest("unknown flag -"+name, "-"+name, names)
	}
	return usageError{text}
}
