//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/symindex"
)

func TestNoteOnSymbols(t *testing.T) {
	for _, c := range []struct {
		lacks      symindex.Lacks
		executable string
		want       string // a part
	}{
		{symindex.LacksNothing, "/srv/ingest", ""},
		{symindex.LacksLines, "/srv/ingest", "no lines: the program was linked with -w; "},
		{symindex.LacksNames, "/srv/ingest", "linked with -s, or stripped; "},
		{symindex.LacksNames, "/var/tmp/go-build3518/b001/exe/ingest", `'go run' has stripped`},
		{symindex.LacksNames, "/home/u/.cache/go-build/d1/d1b6abea236aebf596398b1d69abfeb92ec5a0362ec52b877712aa842b22a112-d/ingest", `'go run' has stripped`},
		{symindex.LacksNames, "/srv/d1/d1b6-d/ingest", "linked with -s, or stripped; "},
		{symindex.LacksNames, "/var/tmp/go-build3518/b001/ingest.test", `'go test' has stripped`},
		{symindex.LacksNames, "/srv/ingest.test", "linked with -s, or stripped; "},
		{symindex.LacksNames, "", "linked with -s, or stripped; "},
	} {
		if note := noteOn(c.lacks, c.executable); !strings.Contains(note, c.want) || (note == "") != (c.want == "") || len(note) > 200 ||
			strings.ContainsAny(note, "\"\\") { // a report would escape it
			t.Errorf("%v %q: %q", c.lacks, c.executable, note)
		}
	}
}
