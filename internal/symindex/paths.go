package symindex

import (
	"bytes"
	"path"
	"strings"

	"github.com/epitaph-go/epitaph/internal/symindex/dwarf"
)

// A fileTable gives numbers to source files, by the path that is shown.
type fileTable struct {
	work     *dwarf.Work
	goSource string
	joined   map[string]uint32 // by the path as the DWARF has it
	shown    map[string]uint32
	names    []string // by number; 0 is the unknown file
	buffer   []byte
}

func newFileTable(work *dwarf.Work, goSource string) *fileTable {
	return &fileTable{
		work: work, goSource: goSource,
		joined: map[string]uint32{"": 0}, shown: map[string]uint32{"": 0}, names: []string{""},
	}
}

// FileNumber implements dwarf.Namer.
func (t *fileTable) FileNumber(compDir, dir, name []byte) uint32 {
	b := t.buffer[:0]
	if !isAbs(name) {
		if !isAbs(dir) && len(compDir) > 0 {
			b = append(append(b, compDir...), '/')
		}
		if len(dir) > 0 {
			b = append(append(b, dir...), '/')
		}
	}
	b = append(b, name...)
	t.buffer = b
	t.work.Spend(len(b))
	if id, ok := t.joined[string(b)]; ok {
		return id
	}
	joined := string(b)
	shown := showPath(joined, t.goSource)
	id, ok := t.shown[shown]
	if !ok {
		id = uint32(len(t.names))
		t.names = append(t.names, shown)
		t.shown[shown] = id
	}
	t.joined[joined] = id
	return id
}

func isAbs(p []byte) bool { return bytes.HasPrefix(p, []byte("/")) }

// What the go command puts into the paths of C files that it has compiled.
const (
	trimmedGoRoot = "/_/GOROOT/src/" // cgo's own, in every build
	trimmed       = "/_/"            // all others, with -trimpath
)

// showPath is a path as Go itself prints it in that program.
func showPath(p, goSource string) string {
	p = path.Clean(p)
	switch base := path.Base(p); base {
	case "_cgo_export.c", "cgo-gcc-prolog":
		return base // generated; the directory is gone
	}
	if rest, ok := strings.CutPrefix(p, trimmedGoRoot); ok {
		return goSource + rest
	}
	return strings.TrimPrefix(p, trimmed)
}
