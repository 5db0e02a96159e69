package main

import (
	"strings"

	"github.com/epitaph-go/epitaph/tools/internal/csource"
)

// checkObjects compiles the C files and looks at the symbols that they need.
func (c *checker) checkObjects() ([]finding, error) {
	var paths []string
	for _, f := range c.files {
		if !f.IsHeader() {
			paths = append(paths, f.Path)
		}
	}
	objects, err := csource.Symbols(paths)
	if err != nil {
		return nil, err
	}
	data := map[string]bool{} // defined by the core, and no functions
	for _, list := range objects {
		for _, s := range list {
			// asm defines labels too; those of data need no mark
			if _, known := c.global[s.Name]; s.Data() || s.Kind == 'T' && !known {
				data[s.Name] = true
			}
		}
	}
	for _, f := range c.files {
		unsafe := unsafeNames(f, c.macros)
		for _, s := range objects[f.Path] {
			if !s.Undefined() {
				continue
			}
			safe, known := c.safe(f, s.Name)
			name := strings.TrimPrefix(s.Name, "__real_")
			if safe || data[s.Name] || byLinker(s.Name) || unsafe[s.Name] || unsafe[name] {
				continue
			}
			if known {
				c.report(f, 1, "the object needs %s, which has no mark %s and is not called without it", s.Name, csource.Mark)
			} else {
				c.report(f, 1, "the object needs %s, which no function without the mark %s names: "+
					"the compiler made that call", s.Name, csource.Mark)
			}
		}
	}
	findings := c.findings
	c.findings = nil
	return findings, nil
}

// unsafeNames are the identifiers in functions without the mark, macros
// expanded once.
func unsafeNames(f *csource.File, macros map[string][]csource.Token) map[string]bool {
	names := map[string]bool{}
	for _, fn := range f.Functions {
		if fn.Safe {
			continue
		}
		for _, t := range fn.Body {
			names[t.Text] = true
			for _, inner := range macros[t.Text] {
				names[inner.Text] = true
			}
			if t.Text == "errno" {
				names["__errno_location"] = true
			}
		}
	}
	return names
}

// byLinker tells whether the linker defines a symbol: the bounds of a section of the core are
// no functions.
func byLinker(name string) bool {
	return name == "_GLOBAL_OFFSET_TABLE_" || strings.HasPrefix(name, "__start_epi_") || strings.HasPrefix(name, "__stop_epi_")
}
