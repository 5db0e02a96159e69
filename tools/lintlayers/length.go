package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/epitaph-go/epitaph/tools/internal/csource"
)

const (
	longFile     = 450
	longFunction = 60
	longReason   = "lint: long because "
)

// lengths lists what is long without a reason.
func (t *tree) lengths() []finding {
	var list []finding
	warn := func(f *file, line int, format string, args ...any) {
		list = append(list, finding{rule: "length", file: f.Path, line: line, text: fmt.Sprintf(format, args...)})
	}
	for _, f := range t.files() {
		if f.Lines > longFile && !strings.Contains(f.Opening(), longReason) {
			warn(f, 1, "%d lines, more than %d", f.Lines, longFile)
		}
		for _, fn := range f.Functions {
			if n := fn.End - fn.Line + 1; n > longFunction && !excused(f, fn) {
				warn(f, fn.Line, "%s has %d lines, more than %d", fn.Name, n, longFunction)
			}
		}
	}
	return list
}

// excused tells whether a comment in the function, or right above it, has a reason.
// The name may stand on the second line of the function.
func excused(f *file, fn csource.Function) bool {
	for _, c := range f.Comments {
		if c.Last >= fn.Line-2 && c.First <= fn.End && strings.Contains(c.Text, longReason) {
			return true
		}
	}
	return false
}

// printCounts prints how many lines of code each folder has.
func printCounts(w io.Writer, dir string) error {
	t, err := load(dir)
	if err != nil {
		return err
	}
	total := 0
	for _, d := range t.ordered() {
		n := 0
		for _, f := range d.files {
			n += f.CodeLines
		}
		total += n
		fmt.Fprintf(w, "%6d %s\n", n, d.name)
	}
	fmt.Fprintf(w, "%6d lines of C code, without comments and blank lines\n", total)
	return nil
}
