//go:build linux && cgo

package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/epitaph-go/epitaph/cmd/crashdemo/crashes"
	"github.com/epitaph-go/epitaph/internal/cli"
)

var listCommand = cli.Command{
	Name:  "list",
	Short: "the kinds of crash and the places where they can happen",
	Help:  "Lists the kinds of crash, with their signals, and the places, for \"crashdemo run\".\n",
	Setup: func(flags *flag.FlagSet) cli.Action {
		asJSON := flags.Bool("json", false, "print the table as JSON, with all that a test needs to know")
		return func(env *cli.Env, args []string) error { return list(env.Out, *asJSON, args) }
	},
}

// list prints the table of kinds and places: as text, or as JSON for tests, which learn from it what the report of each
// must show. It shows this build: without C++ there are fewer kinds, and signals depend on the C library.
func list(w io.Writer, asJSON bool, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	if asJSON {
		return listJSON(w)
	}
	return listText(w)
}

func listText(w io.Writer) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "KIND\tSIGNAL\tWHAT HAPPENS")
	for _, k := range crashes.All() {
		fmt.Fprintf(tab, "%s\t%s\t%s\n", k.Name, signalName(k.Signal), k.Text)
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(tab, "\nPLACE\tWHERE")
	for _, p := range places() {
		fmt.Fprintf(tab, "%s\t%s\n", p.name, p.text)
	}
	return tab.Flush()
}

type listedKind struct {
	Name    string   `json:"name"`
	Text    string   `json:"text"`
	Func    string   `json:"func"`
	Signal  string   `json:"signal"`
	Number  int      `json:"number"`
	Traits  []string `json:"traits"`
	Callers []string `json:"callers"`
}

type listedPlace struct {
	Name   string   `json:"name"`
	Text   string   `json:"text"`
	Frames []string `json:"frames"`
}

func listJSON(w io.Writer) error {
	var table struct {
		Kinds  []listedKind  `json:"kinds"`
		Places []listedPlace `json:"places"`
	}
	for _, k := range crashes.All() {
		table.Kinds = append(table.Kinds, listedKind{
			Name: k.Name, Text: k.Text, Func: k.Func(), Signal: signalName(k.Signal), Number: int(k.Signal),
			Traits: strings.FieldsFunc(k.Traits.String(), func(r rune) bool { return r == ',' }), Callers: append([]string{}, k.Callers...),
		})
	}
	for _, p := range places() {
		table.Places = append(table.Places, listedPlace{p.name, p.text, p.frames})
	}
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(table)
}

// signalName is the name of the signal's constant; package syscall knows its description only.
func signalName(s syscall.Signal) string {
	names := map[syscall.Signal]string{
		syscall.SIGABRT: "SIGABRT", syscall.SIGBUS: "SIGBUS", syscall.SIGFPE: "SIGFPE", syscall.SIGILL: "SIGILL", syscall.SIGKILL: "SIGKILL",
		syscall.SIGSEGV: "SIGSEGV", syscall.SIGSYS: "SIGSYS", syscall.SIGTRAP: "SIGTRAP", syscall.SIGQUIT: "SIGQUIT", syscall.SIGTERM: "SIGTERM",
	}
	if name, ok := names[s]; ok {
		return name
	}
	return fmt.Sprintf("signal %d", int(s))
}
