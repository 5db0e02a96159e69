//go:build linux && (amd64 || arm64) && cgo

// Package taken tests what becomes of Epitaph when a library installs handlers of the fatal
// signals, by any of the ways that there are, before Enable or after it; and that the library
// sees what it would see without Epitaph.
package taken

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

const limit = 20 * time.Second

var (
	program = &victim.Program{Build: []string{"./victim"}, Limit: limit}
	pie     = &victim.Program{Build: []string{"-buildmode=pie", "./victim"}, Limit: limit}
	static  = &victim.Program{Build: []string{"-ldflags=-extldflags '-static -Wl,--no-warnings'", "./victim"}, Limit: limit}
	nowrap  = &victim.Program{Build: []string{"-tags=epitaph_nowrap", "./victim"}, Limit: limit}
	library = &victim.Program{Name: "library.so", Compiler: []string{"cc", "-shared", "-fPIC", "-I../../internal/victim/machine"},
		Build: []string{"victim/library.c", "-ldl"}}
)

// linked is the program that is linked with the shared library. By CGO_LDFLAGS each package
// with C in it would be built anew for it.
var linked = sync.OnceValue(func() *victim.Program {
	path, err := library.Make()
	if err != nil {
		path = "missing.so" // the build says why
	}
	return &victim.Program{Build: []string{"-tags=linked", "-ldflags=-extldflags=" + path, "./victim"}, Limit: limit}
})

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

// A variant is a program, and where its library is.
type variant struct {
	name    string
	program func() *victim.Program
	loaded  bool
}

func of(p *victim.Program) func() *victim.Program { return func() *victim.Program { return p } }

// variants are those in which the core sees what the library does.
var variants = []variant{
	{"program", of(program), false}, {"loaded", of(program), true}, {"linked", linked, false},
	{"pie", of(pie), true}, {"static", of(static), false},
}

func (v variant) run(t *testing.T, line string) *victim.Outcome {
	t.Helper()
	victim.NeedDivision(t, line)
	if v.loaded {
		return v.program().Run(t, line, victim.Env("LIBRARY="+library.Path(t)))
	}
	return v.program().Run(t, line)
}

// afterReport is what standard error has behind the only report.
func afterReport(t *testing.T, o *victim.Outcome) string {
	t.Helper()
	victim.Complete(t, o.Stderr)
	_, after, _ := strings.Cut(o.Stderr, "End of report (")
	return after
}
