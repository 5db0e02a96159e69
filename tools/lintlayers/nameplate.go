package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A nameplate is what the Go files of a package say about its C.
type nameplate struct {
	imports  map[string]bool // folders of the core
	embeds   bool            // *.h
	flags    []string        // lines of CFLAGS, with their conditions
	includes []string        // in preambles: folder/header.h
}

var (
	flagsPattern   = regexp.MustCompile(`(?m)^#cgo (.*CFLAGS: .*)$`)
	includePattern = regexp.MustCompile(`(?m)^#include "([^"]+)"`)
)

// readNameplate reads one Go file.
func readNameplate(path string) (nameplate, error) {
	plate := nameplate{imports: map[string]bool{}}
	source, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return plate, err
	}
	for _, spec := range source.Imports {
		name := strings.Trim(spec.Path.Value, `"`)
		if _, folder, ok := strings.Cut(name, "/native/"); ok {
			plate.imports[folder] = true
		}
	}
	for _, group := range source.Comments {
		for _, c := range group.List {
			plate.embeds = plate.embeds || c.Text == "//go:embed *.h"
		}
	}
	text := preamble(source)
	for _, m := range flagsPattern.FindAllStringSubmatch(text, -1) {
		plate.flags = append(plate.flags, m[1])
	}
	for _, m := range includePattern.FindAllStringSubmatch(text, -1) {
		plate.includes = append(plate.includes, m[1])
	}
	return plate, nil
}

// preamble is the comment above import "C".
func preamble(source *ast.File) string {
	for _, decl := range source.Decls {
		d, ok := decl.(*ast.GenDecl)
		if !ok || d.Tok != token.IMPORT || d.Doc == nil || len(d.Specs) != 1 {
			continue
		}
		if spec, ok := d.Specs[0].(*ast.ImportSpec); ok && spec.Path.Value == `"C"` {
			return d.Doc.Text()
		}
	}
	return ""
}

func (t *tree) checkNameplates() {
	var model *folder
	for _, d := range t.ordered() {
		path := filepath.Join(t.dir, d.name, "doc.go")
		folders := map[string]bool{}
		hasHeader := false
		for _, f := range d.files {
			t.reach(f, map[*file]bool{}, folders)
			hasHeader = hasHeader || f.IsHeader()
		}
		delete(folders, d.name)
		t.compareImports(d.name, path, d.plate.imports, folders)
		if hasHeader && !d.plate.embeds {
			t.report("nameplate", d.name+" embed", path, 1, "no go:embed *.h: a changed header would leave stale objects above")
		}
		if model == nil {
			model = d
		}
		if !slices.Equal(d.plate.flags, model.plate.flags) {
			t.report("nameplate", d.name+" flags", path, 1, "the lines of CFLAGS are not those of %s:\n\t%s\n\t%s", model.name,
				strings.Join(d.plate.flags, "\n\t"), strings.Join(model.plate.flags, "\n\t"))
		}
	}
}

func (t *tree) compareImports(name, path string, imports, reached map[string]bool) {
	for _, folder := range slices.Sorted(maps.Keys(reached)) {
		if !imports[folder] {
			t.report("nameplate", name+" imports "+folder, path, 1, "its files reach headers of %s, which is not imported", folder)
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(imports)) {
		if !reached[folder] {
			t.report("nameplate", name+" imports "+folder, path, 1, "imports %s, whose headers nothing reaches", folder)
		}
	}
}

// checkBinding looks at the package that reads the core's headers from Go: it must
// import the folders of all of them, or it would not be built anew.
func (t *tree) checkBinding(dir string) error {
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil
	} else if err != nil {
		return err
	}
	imports, reached, seen := map[string]bool{}, map[string]bool{}, map[*file]bool{}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			continue
		}
		plate, err := readNameplate(path)
		if err != nil {
			return err
		}
		maps.Copy(imports, plate.imports)
		for _, include := range plate.includes {
			folder, name, _ := strings.Cut(include, "/")
			if d := t.folders[folder]; d != nil && fs.ValidPath(include) && d.header(name) != nil {
				t.reach(d.header(name), seen, reached)
			} else {
				t.report("nameplate", filepath.Base(dir)+" "+include, path, 1, "%q is no folder/header.h of the core", include)
			}
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(reached)) {
		if !imports[folder] {
			t.report("nameplate", filepath.Base(dir)+" imports "+folder, dir, 1, "reads headers of %s, which it does not import", folder)
		}
	}
	return nil
}
