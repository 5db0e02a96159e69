// Lintlayers checks that the C core stands as native/doc.go says: in floors, each a
// folder, of which one knows only those before it.
//
//	go run ./tools/lintlayers native
//
// The go command refuses a circle of folders. What it does not see is checked here:
//
//   - floors: the table in native/doc.go names every folder, from the ground up, and
//     what it says of functions after a fault is true of the functions.
//   - include: a file includes "x.h" of its own folder and "../folder/x.h" of folders
//     that its doc.go imports; a folder imports only those before it.
//   - nameplate: a folder's doc.go imports every folder whose headers it reaches, and
//     no other; it embeds its headers, since the go command builds the folders above
//     anew only when the package itself has changed; the compiler's flags are the same
//     everywhere. The same holds for package cgo, as far as it reads headers.
//   - symbol: what an object needs is defined in its own folder or an imported one. A
//     declaration written by hand gets past the includes, but not past this.
//   - header: NAME.h declares what NAME.c, NAME_*.c or a file that its opening comment
//     names defines, and no more; a C file declares nothing of another.
//   - write: a global is written by its own folder. Its address counts as written to,
//     unless it goes to a function of that folder, to one that takes a pointer to
//     const, or to such a pointer. (An array that is passed by its name is not seen.)
//   - circle: no circle of files inside a folder, by includes and by symbols.
//   - machine: only files arch_* and goabi_*, and arch.h, ask the preprocessor for it.
//
// Files whose names end in another machine than -machine are left out of all but the last;
// $CC is that machine's compiler.
//
// Warnings, which do not fail: a file above 450 lines, a function above 60, without a
// comment "lint: long because …" in the file's opening comment, or in or above the
// function.
//
// What is not yet as it should be stands in exceptions.txt, which may only get
// shorter: an entry that nothing needs any more is a finding too.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/epitaph-go/epitaph/tools/internal/csource"
)

// A finding is one violation. Its key, which has no line numbers, is what
// exceptions.txt calls it.
type finding struct {
	rule, key  string
	file, text string
	line       int
}

func (f finding) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", f.file, f.line, f.rule, f.text)
}

func main() {
	exceptions := flag.String("exceptions", "tools/lintlayers/exceptions.txt", "the `file` of what is not yet as it should be")
	flag.StringVar(&csource.Machine, "machine", csource.Machine, "the `machine` whose files are looked at, as GOARCH has it")
	count := flag.Bool("count", false, "only print how many lines of code there are, without comments and blank lines")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: lintlayers [-exceptions file] [-machine machine] [-count] native")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if *count {
		fail(printCounts(os.Stdout, flag.Arg(0)))
		return
	}
	findings, warnings, err := run(flag.Arg(0), *exceptions)
	fail(err)
	for _, w := range warnings {
		fmt.Printf("%s:%d: warning: %s\n", w.file, w.line, w.text)
	}
	for _, f := range findings {
		fmt.Println(f)
		if f.key != "" {
			fmt.Printf("\tin exceptions.txt: %s %s\n", f.rule, f.key)
		}
	}
	if len(findings) > 0 {
		os.Exit(1)
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "lintlayers:", err)
		os.Exit(2)
	}
}

// run checks the core in dir. An error is something that kept it from checking.
func run(dir, exceptions string) (findings, warnings []finding, err error) {
	t, err := load(dir)
	if err != nil {
		return nil, nil, err
	}
	if err := t.readObjects(); err != nil {
		return nil, nil, err
	}
	t.checkFloors()
	t.checkIncludes()
	t.checkNameplates()
	if err := t.checkBinding(filepath.Join(filepath.Dir(dir), "cgo")); err != nil {
		return nil, nil, err
	}
	t.checkSymbols()
	t.checkHeaders()
	t.checkWrites()
	t.checkCircles()
	if err := t.checkMachine(); err != nil {
		return nil, nil, err
	}
	findings, err = except(t.findings, exceptions)
	if err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(findings, func(a, b finding) int {
		if a.file != b.file {
			if a.file < b.file {
				return -1
			}
			return 1
		}
		return a.line - b.line
	})
	return findings, t.lengths(), nil
}
