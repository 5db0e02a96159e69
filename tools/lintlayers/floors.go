package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// A floor is a row of the table in native/doc.go.
type floor struct {
	name string
	safe string // which of its functions may run after a fault: all, some or none
	line int
}

// A row: the name, which functions may run after a fault, what the floor is for.
var rowPattern = regexp.MustCompile(`^//\t([a-z]+) +(all|some|none) +\S`)

func (t *tree) readFloors() error {
	path := filepath.Join(t.dir, "doc.go")
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for i, line := range strings.Split(string(source), "\n") {
		if m := rowPattern.FindStringSubmatch(line); m != nil {
			t.floors = append(t.floors, floor{m[1], m[2], i + 1})
		}
	}
	if len(t.floors) == 0 {
		return fmt.Errorf("%s: no table of floors", path)
	}
	return nil
}

// checkFloors holds the table against the folders.
func (t *tree) checkFloors() {
	doc := filepath.Join(t.dir, "doc.go")
	seen := map[string]bool{}
	for _, f := range t.floors {
		d := t.folders[f.name]
		switch {
		case seen[f.name]:
			t.report("floors", "", doc, f.line, "the table names %s twice", f.name)
		case d == nil:
			t.report("floors", "", doc, f.line, "the table names %s, which is no folder", f.name)
		case d.safety() != f.safe:
			t.report("floors", "", doc, f.line, "the table says that %s of the functions of %s may run after a fault; it is %s",
				f.safe, f.name, d.safety())
		}
		seen[f.name] = true
	}
	for _, d := range t.ordered() {
		if d.rank < 0 {
			t.report("floors", "", filepath.Join(t.dir, d.name), 1, "the table in %s does not name this folder", doc)
		}
	}
}

// safety tells which of the functions that a folder gives to others may run after a
// fault.
func (d *folder) safety() string {
	var safe, all int
	for _, f := range d.files {
		for _, fn := range f.Functions {
			if !f.IsHeader() || fn.Static && fn.Body == nil {
				continue
			}
			all++
			if fn.Safe {
				safe++
			}
		}
	}
	switch safe {
	case 0:
		return "none"
	case all:
		return "all"
	}
	return "some"
}
