package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/epitaph-go/epitaph/tools/internal/csource"
)

// A tree is the core: folders of C files, from the ground up.
type tree struct {
	dir      string
	floors   []floor // in the order of the table
	folders  map[string]*folder
	symbols  map[string][]csource.Symbol // by path
	definers map[string][]*file          // of a function or variable that is not static
	globals  map[string]*folder          // variables that can be written to
	findings []finding
}

// A folder is one package of C.
type folder struct {
	name  string
	rank  int // its place in the table, or -1
	files []*file
	plate nameplate
}

// A file is one C file or header in a folder.
type file struct {
	*csource.File
	folder *folder
	name   string // with its extension
}

// base is the file's name without its extension.
func (f *file) base() string { return strings.TrimSuffix(f.name, filepath.Ext(f.name)) }

// path is the file's name as the keys of findings have it: folder/name.
func (f *file) path() string { return f.folder.name + "/" + f.name }

func (t *tree) report(rule, key, path string, line int, format string, args ...any) {
	t.findings = append(t.findings, finding{rule, key, path, fmt.Sprintf(format, args...), line})
}

// load reads everything that stands in dir.
func load(dir string) (*tree, error) {
	t := &tree{dir: dir, folders: map[string]*folder{}, definers: map[string][]*file{}, globals: map[string]*folder{}}
	if err := t.readFloors(); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); ext == ".c" || ext == ".h" {
			t.report("floors", "", filepath.Join(dir, e.Name()), 1, "a C file stands in a floor's folder")
		}
		if !e.IsDir() {
			continue
		}
		d, err := loadFolder(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		d.rank = slices.IndexFunc(t.floors, func(f floor) bool { return f.name == d.name })
		t.folders[d.name] = d
	}
	if len(t.folders) == 0 {
		return nil, fmt.Errorf("no folders in %s", dir)
	}
	return t, nil
}

func loadFolder(dir string) (*folder, error) {
	d := &folder{name: filepath.Base(dir)}
	paths, err := filepath.Glob(filepath.Join(dir, "*.[ch]"))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		if csource.OfOther(path) {
			continue
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		parsed, err := csource.Parse(path, string(source))
		if err != nil {
			return nil, err
		}
		d.files = append(d.files, &file{parsed, d, filepath.Base(path)})
	}
	d.plate, err = readNameplate(filepath.Join(dir, "doc.go"))
	return d, err
}

// ordered gives the folders from the ground up, then those that the table lacks.
func (t *tree) ordered() []*folder {
	list := make([]*folder, 0, len(t.folders))
	for _, d := range t.folders {
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b *folder) int {
		if a.rank != b.rank && a.rank >= 0 && b.rank >= 0 {
			return a.rank - b.rank
		}
		return strings.Compare(a.name, b.name)
	})
	return list
}

// files gives all files of the core.
func (t *tree) files() []*file {
	var list []*file
	for _, d := range t.ordered() {
		list = append(list, d.files...)
	}
	return list
}

// header finds a folder's header, or gives nil.
func (d *folder) header(name string) *file {
	for _, f := range d.files {
		if f.name == name && f.IsHeader() {
			return f
		}
	}
	return nil
}

// readObjects compiles the C files, and notes who defines what. A definition that
// is left out of this build counts too, so the source is asked as well.
func (t *tree) readObjects() error {
	var paths []string
	for _, f := range t.files() {
		if !f.IsHeader() {
			paths = append(paths, f.Path)
		}
	}
	var err error
	if t.symbols, err = csource.Symbols(paths); err != nil {
		return err
	}
	for _, f := range t.files() {
		if f.IsHeader() {
			continue
		}
		for _, s := range t.symbols[f.Path] {
			if s.Kind >= 'A' && s.Kind <= 'Z' && !s.Undefined() {
				t.define(s.Name, f)
			}
			if s.Data() && s.Kind != 'R' {
				t.globals[s.Name] = f.folder
			}
		}
		for _, fn := range f.Functions {
			if fn.Body != nil && !fn.Static {
				t.define(fn.Name, f)
			}
		}
		for _, v := range f.Variables {
			if !v.Extern {
				t.define(v.Name, f)
			}
		}
	}
	return nil
}

func (t *tree) define(name string, f *file) {
	if !slices.Contains(t.definers[name], f) {
		t.definers[name] = append(t.definers[name], f)
	}
}
