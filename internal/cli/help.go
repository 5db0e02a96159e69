package cli

import (
	"flag"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
)

// helpWidth is how wide help is, in columns.
const helpWidth = 80

// all are the commands of the table and those that every app has.
func (a *App) all() []Command {
	return append(a.Commands[:len(a.Commands):len(a.Commands)],
		Command{
			Name: "completion", Args: "bash|zsh|fish", Words: []string{"bash", "zsh", "fish"},
			Short: "the completion of commands and flags, for a shell",
			Help: "Prints what makes the shell complete commands, flags and files:\n\n" +
				"  bash:  source <(" + a.Name + " completion bash)\n" +
				"  zsh:   source <(" + a.Name + " completion zsh)\n" +
				"  fish:  " + a.Name + " completion fish | source\n",
			Setup: func(*flag.FlagSet) Action { return a.completion },
		},
		Command{
			Name: "version", Short: "the version of the program",
			Help:  "Prints the version of the program, the Go release that it was built with and\nthe platform.\n",
			Setup: func(*flag.FlagSet) Action { return a.version },
		})
}

func (a *App) names() []string {
	var list []string
	for _, c := range a.all() {
		list = append(list, c.Name)
	}
	return append(list, "help")
}

// help is that of the program or of the command that args name.
func (a *App) help(env *Env, args []string) int {
	if len(args) == 0 {
		a.writeUsage(env.Out)
		return 0
	}
	for _, c := range a.all() {
		if c.Name == args[0] {
			a.writeHelp(env.Out, c)
			return 0
		}
	}
	return a.fail(env, "", Unknown("command", args[0], a.names()))
}

// writeUsage prints what the program is for, and the table.
func (a *App) writeUsage(w io.Writer) {
	fmt.Fprintf(w, "%s\n\nUsage: %s COMMAND [flags] [arguments]\n\n", strings.TrimSpace(a.About), a.Name)
	width := 0
	for _, c := range a.all() {
		width = max(width, len(c.Name))
	}
	for _, c := range a.all() {
		fmt.Fprintf(w, "  %-*s  %s\n", width, c.Name, c.Short)
	}
	fmt.Fprintf(w, "\n\"%s COMMAND -h\" is the help of a command.\n", a.Name)
	if a.Notes != "" {
		fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(a.Notes))
	}
}

// writeHelp prints what a command does, and its flags.
func (a *App) writeHelp(w io.Writer, c Command) {
	flags := flag.NewFlagSet(c.Name, flag.ContinueOnError)
	c.Setup(flags)
	line := "Usage: " + a.Name + " " + c.Name
	if hasFlags(flags) {
		line += " [flags]"
	}
	fmt.Fprintf(w, "%s\n\n%s\n", strings.TrimSpace(line+" "+c.Args), strings.TrimSpace(c.Help))
	if hasFlags(flags) {
		fmt.Fprint(w, "\nFlags:\n")
		flags.VisitAll(func(f *flag.Flag) { writeFlag(w, f) })
	}
	if c.Notes != "" {
		fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(c.Notes))
	}
}

func hasFlags(flags *flag.FlagSet) bool {
	has := false
	flags.VisitAll(func(*flag.Flag) { has = true })
	return has
}

// writeFlag prints a flag and its text, which begins in column 18 or on a line of its
// own.
func writeFlag(w io.Writer, f *flag.Flag) {
	const indent = 17
	value, text := flag.UnquoteUsage(f)
	head := strings.TrimSpace("-" + f.Name + " " + value)
	if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" && f.DefValue != "0s" && f.DefValue != "[]" {
		text += " (default " + f.DefValue + ")"
	}
	head = "  " + head
	for i, line := range wrap(text, helpWidth-indent) {
		if i == 0 && len(head) <= indent-2 {
			fmt.Fprintf(w, "%-*s%s\n", indent, head, line)
			continue
		}
		if i == 0 {
			fmt.Fprintln(w, head)
		}
		fmt.Fprintf(w, "%*s%s\n", indent, "", line)
	}
}

// wrap breaks a text at spaces into lines of at most width columns.
func wrap(text string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case len(*last)+1+len(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}

// version prints what the program was built from.
func (a *App) version(env *Env, args []string) error {
	if len(args) > 0 {
		return Usage("no arguments wanted, but %q", args[0])
	}
	version, revision := "(devel)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				revision = ", revision " + s.Value[:min(12, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				revision += ", modified"
			}
		}
	}
	_, err := fmt.Fprintf(env.Out, "%s %s, %s %s/%s%s\n", a.Name, version, runtime.Version(), runtime.GOOS, runtime.GOARCH, revision)
	return err
}
