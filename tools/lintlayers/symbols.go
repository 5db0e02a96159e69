package main

import "strings"

// checkSymbols looks at what each object needs.
func (t *tree) checkSymbols() {
	for _, f := range t.files() {
		for _, s := range t.symbols[f.Path] {
			if !s.Undefined() || !strings.HasPrefix(s.Name, "epi_") {
				continue
			}
			definers := t.definers[s.Name]
			if len(definers) == 0 {
				t.report("symbol", f.path()+" "+s.Name, f.Path, 1, "the object needs %s, which nobody defines", s.Name)
				continue
			}
			in := definers[0].folder
			if in != f.folder && !f.folder.plate.imports[in.name] {
				t.report("symbol", f.path()+" "+s.Name, f.Path, 1, "the object needs %s of %s, which %s/doc.go does not import",
					s.Name, definers[0].path(), f.folder.name)
			}
		}
	}
}
