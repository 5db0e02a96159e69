// Command failures fails in the way that its first argument names. Failures that
// are handled are printed as package stackfmt prints them; the others end the
// process, and the test reads what the runtime wrote.
package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// handled are functions whose error or panic is printed.
var handled = map[string]func() error{}

// crashes are functions that end the process.
var crashes = map[string]func(){}

// options are the options of those that need any.
var options = map[string][]stackfmt.Option{}

func main() {
	if len(os.Args) != 2 {
		names(os.Stdout)
		return
	}
	name := os.Args[1]
	if f, ok := crashes[name]; ok {
		f()
		return
	}
	f, ok := handled[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "failures: no failure %q\n", name)
		os.Exit(64)
	}
	run(f, options[name])
}

func run(f func() error, opts []stackfmt.Option) {
	defer func() {
		if r := recover(); r != nil {
			check(stackfmt.PrintPanic(os.Stdout, r, opts...))
		}
	}()
	check(stackfmt.PrintError(os.Stdout, f(), opts...))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// names lists the failures, so that the test knows them all.
func names(w *os.File) {
	var list []string
	for name := range handled {
		list = append(list, "handled "+name)
	}
	for name := range crashes {
		list = append(list, "crash "+name)
	}
	slices.Sort(list)
	for _, l := range list {
		fmt.Fprintln(w, l)
	}
}
