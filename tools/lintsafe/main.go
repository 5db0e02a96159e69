// Lintsafe checks that the C functions which may run after a fault call only
// what may run after a fault.
//
//	go run ./tools/lintsafe native/*/*.c native/*/*.h
//
// Such functions carry the mark EPI_SAFE (native/base/base.h). In the source, one of
// them may call functions with the mark, macros whose bodies keep the rule, and
// compiler builtins; nothing else: no libc, not even memcpy, whose first call
// in a dynamic program goes through the lazy binder. A call through a pointer
// cannot be followed and needs a comment with the words "EPI_SAFE: " and the
// reason on its line or the line above. errno is a call in disguise, and
// thread-local variables may be allocated on first use; both are refused.
//
// The source does not show everything: compilers turn loops and assignments of
// structures into calls of memcpy and memset. So each file is compiled as cgo
// compiles it, and every symbol that its object file lacks has to be a function
// with the mark, data of the core, or a name that stands in a function of the
// file without the mark.
//
// Package csource says how C is read, and what style that needs.
//
// Files whose names end in another machine than -machine are left out.
//
// With -objects=false the second check is left out. The compiler is $CC, or
// gcc; its flags are the plain #cgo CFLAGS of the Go files beside the C file.
package main

import (
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"

	"github.com/epitaph-go/epitaph/tools/internal/csource"
)

// A finding is one violation.
type finding struct {
	file string
	line int
	text string
}

func main() {
	objects := flag.Bool("objects", true, "compile the files and check the symbols that they need")
	flag.StringVar(&csource.Machine, "machine", csource.Machine, "the `machine` whose files are looked at, as GOARCH has it")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: lintsafe [-objects=false] [-machine machine] file.c file.h ...")
		os.Exit(2)
	}
	findings, err := run(flag.Args(), *objects)
	if err != nil {
		fmt.Fprintln(os.Stderr, "lintsafe:", err)
		os.Exit(2)
	}
	for _, f := range findings {
		fmt.Printf("%s:%d: %s\n", f.file, f.line, f.text)
	}
	if len(findings) > 0 {
		os.Exit(1)
	}
}

func run(paths []string, objects bool) ([]finding, error) {
	var files []*csource.File
	for _, path := range paths {
		if csource.OfOther(path) {
			continue
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		f, err := csource.Parse(path, string(source))
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	c := newChecker(files)
	findings := c.check()
	if objects {
		more, err := c.checkObjects()
		if err != nil {
			return nil, err
		}
		findings = append(findings, more...)
	}
	if c.safeBodies == 0 {
		return nil, fmt.Errorf("no function with the mark EPI_SAFE in %s", strings.Join(paths, " "))
	}
	sort.SliceStable(findings, func(i, j int) bool {
		if findings[i].file != findings[j].file {
			return findings[i].file < findings[j].file
		}
		return findings[i].line < findings[j].line
	})
	return findings, nil
}
