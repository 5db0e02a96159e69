package main

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// A C file in a comment; a * is for the machine, as in entry_*.c.
var filePattern = regexp.MustCompile(`[a-z0-9_]+(\*[a-z0-9_]*)?\.c\b`)

// speaksFor tells whether header h may declare what f defines.
func (h *file) speaksFor(f *file) bool {
	if f.folder != h.folder {
		return false
	}
	if f.base() == h.base() || strings.HasPrefix(f.base(), h.base()+"_") {
		return true
	}
	return slices.ContainsFunc(filePattern.FindAllString(h.Opening(), -1), func(pattern string) bool {
		is, err := path.Match(pattern, f.name)
		return is && err == nil
	})
}

// A declaration is one without a definition.
type declaration struct {
	name string
	line int
}

func (f *file) declarations() []declaration {
	var list []declaration
	for _, fn := range f.Functions {
		if fn.Body == nil && !fn.Static {
			list = append(list, declaration{fn.Name, fn.Line})
		}
	}
	for _, v := range f.Variables {
		if v.Extern {
			list = append(list, declaration{v.Name, v.Line})
		}
	}
	return list
}

// checkHeaders compares declarations with definitions.
func (t *tree) checkHeaders() {
	for _, f := range t.files() {
		for _, d := range f.declarations() {
			definers := t.definers[d.name]
			switch {
			case len(definers) == 0:
				if f.IsHeader() && strings.HasPrefix(d.name, "epi_") {
					t.report("header", f.path()+" "+d.name, f.Path, d.line, "%s is defined nowhere", d.name)
				}
			case f.IsHeader() && !slices.ContainsFunc(definers, f.speaksFor):
				t.report("header", f.path()+" "+d.name, f.Path, d.line, "%s is defined in %s", d.name, definers[0].path())
			case !f.IsHeader() && !slices.Contains(definers, f):
				t.report("header", f.path()+" "+d.name, f.Path, d.line,
					"%s is declared by hand; a header of %s is to be included", d.name, definers[0].path())
			}
		}
	}
}
