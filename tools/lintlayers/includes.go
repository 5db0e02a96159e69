package main

import (
	"path/filepath"
	"strings"

	"github.com/epitaph-go/epitaph/tools/internal/csource"
)

// included gives the header that an include of f names, or nil with what is wrong
// with it. An include in brackets is neither.
func (t *tree) included(f *file, path string) (header *file, wrong string) {
	if strings.HasPrefix(path, "<") {
		return nil, ""
	}
	name := strings.Trim(path, `"`)
	d := f.folder
	if rest, up := strings.CutPrefix(name, "../"); up {
		var in string
		in, name, _ = strings.Cut(rest, "/")
		if d = t.folders[in]; d == nil {
			return nil, "there is no folder " + in
		}
		if d == f.folder {
			return nil, "a header of the own folder, by a path"
		}
	}
	if strings.Contains(name, "/") || name == "" {
		return nil, `neither "x.h" nor "../folder/x.h"`
	}
	if csource.OfOther(name) {
		return nil, ""
	}
	if header = d.header(name); header == nil {
		return nil, "there is no " + d.name + "/" + name
	}
	return header, ""
}

// checkIncludes holds includes against the nameplates, and those against the table.
func (t *tree) checkIncludes() {
	for _, f := range t.files() {
		for _, include := range f.Includes {
			header, wrong := t.included(f, include.Path)
			if wrong != "" {
				t.report("include", f.path()+" "+include.Path, f.Path, include.Line, "%s: %s", include.Path, wrong)
				continue
			}
			if header != nil && header.folder != f.folder && !f.folder.plate.imports[header.folder.name] {
				t.report("include", f.path()+" "+include.Path, f.Path, include.Line,
					"%s: %s does not import %s", include.Path, f.folder.name+"/doc.go", header.folder.name)
			}
		}
	}
	for _, d := range t.ordered() {
		for name := range d.plate.imports {
			if other := t.folders[name]; d.rank >= 0 && other != nil && other.rank >= d.rank {
				t.report("include", d.name+" "+name, filepath.Join(t.dir, d.name, "doc.go"), 1,
					"%s imports %s, which does not stand below it", d.name, name)
			}
		}
	}
}

// reach collects the folders of the headers that f includes, directly or through
// others.
func (t *tree) reach(f *file, seen map[*file]bool, folders map[string]bool) {
	if seen[f] {
		return
	}
	seen[f] = true
	folders[f.folder.name] = true
	for _, include := range f.Includes {
		if header, _ := t.included(f, include.Path); header != nil {
			t.reach(header, seen, folders)
		}
	}
}
