package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

var cflagsPattern = regexp.MustCompile(`(?m)^// #cgo CFLAGS: (.*)$`)

// cflags reads the flags that cgo compiles the files of dir with, conditional
// ones left out.
func cflags(dir string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var flags []string
	for _, path := range paths {
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		for _, m := range cflagsPattern.FindAllStringSubmatch(string(source), -1) {
			flags = append(flags, strings.Fields(m[1])...)
		}
	}
	return flags, nil
}

// A symbol of an object file.
type symbol struct {
	name string
	kind byte // as nm prints it: U is undefined
}

func symbols(object string) ([]symbol, error) {
	out, err := exec.Command("nm", object).Output()
	if err != nil {
		return nil, fmt.Errorf("nm %s: %w", object, err)
	}
	var result []symbol
	for _, line := range strings.Split(string(out), "\n") {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		result = append(result, symbol{fields[len(fields)-1], fields[len(fields)-2][0]})
	}
	return result, nil
}

// checkObjects compiles the C files and looks at the symbols that they need.
func (c *checker) checkObjects() ([]finding, error) {
	flags, err := cflags(filepath.Dir(c.files[0].path))
	if err != nil {
		return nil, err
	}
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "gcc"
	}
	dir, err := os.MkdirTemp("", "lintsafe")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)

	needs := map[*file][]symbol{}
	data := map[string]bool{} // defined by the core, and no functions
	for i, f := range c.files {
		if isHeader(f.path) {
			continue
		}
		object := filepath.Join(dir, fmt.Sprintf("%d.o", i))
		var stderr bytes.Buffer
		cmd := exec.Command(cc, append(append([]string{}, flags...), "-fPIC", "-c", f.path, "-o", object)...)
		cmd.Stderr = &stderr
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", cmd, err, stderr.String())
		}
		list, err := symbols(object)
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			switch s.kind {
			case 'U', 'w', 'v':
				needs[f] = append(needs[f], s)
			case 'D', 'B', 'R', 'C', 'V':
				data[s.name] = true
			case 'T': // asm defines labels too; those of data need no mark
				if _, known := c.global[s.name]; !known {
					data[s.name] = true
				}
			}
		}
	}
	for _, f := range c.files {
		unsafe := f.unsafeNames(c.macros)
		for _, s := range needs[f] {
			safe, known := c.safe(f, s.name)
			name := strings.TrimPrefix(s.name, "__real_")
			if safe || data[s.name] || s.name == "_GLOBAL_OFFSET_TABLE_" || unsafe[s.name] || unsafe[name] {
				continue
			}
			if known {
				c.report(f, 1, "the object needs %s, which has no mark %s and is not called without it", s.name, mark)
			} else {
				c.report(f, 1, "the object needs %s, which no function without the mark %s names: "+
					"the compiler made that call", s.name, mark)
			}
		}
	}
	findings := c.findings
	c.findings = nil
	return findings, nil
}

// unsafeNames are the identifiers in functions without the mark, macros
// expanded once.
func (f *file) unsafeNames(macros map[string][]token) map[string]bool {
	names := map[string]bool{}
	for _, fn := range f.functions {
		if fn.safe {
			continue
		}
		for _, t := range fn.body {
			names[t.text] = true
			for _, inner := range macros[t.text] {
				names[inner.text] = true
			}
			if t.text == "errno" {
				names["__errno_location"] = true
			}
		}
	}
	return names
}
