//go:build linux && (amd64 || arm64) && cgo

// Package regress keeps mistakes from coming back that a review of the signal
// path found: each test is a program that once lost its report, hung, or ended
// otherwise than without Epitaph. Where the point is that Epitaph must not make
// things worse, the same program runs without it too, and the two are compared.
// Package edges tests what is to be expected at the edges; here is what was not
// expected.
package regress

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// limit is what no child may outlast; the deadline of most is 5 s.
const limit = 15 * time.Second

// wentOn is the exit status of a program that nothing ended.
const wentOn = 3

var (
	program = &victim.Program{Build: []string{"./victim"}, Limit: limit}
	// Only the C code: that is enough for the sanitizer to give every thread an
	// alternate stack of its own.
	sanitized = &victim.Program{Build: []string{"./victim"}, Limit: limit,
		Env: []string{"CGO_CFLAGS=-O1 -g -fsanitize=address", "CGO_LDFLAGS=-fsanitize=address"}}
	library = &victim.Program{Name: "library.so", Build: []string{"-buildmode=c-shared", "./library"}}
	host    = &victim.Program{Name: "host", Compiler: []string{"cc"}, Build: []string{"library/host/host.c", "-ldl"}, Limit: limit}
	archive = &victim.Program{Name: "archive.a", Build: []string{"-buildmode=c-archive", "./archive"}}
	plugin  = &victim.Program{Name: "plugin.so", Compiler: []string{"cc", "-shared", "-fPIC"}, Build: []string{"plugin/plugin.c"}}
	other   = &victim.Program{Name: "other.so", Compiler: []string{"cc", "-shared", "-fPIC"}, Build: []string{"plugin/other.c"}}
	many    = &victim.Program{Name: "many.so", Compiler: []string{"cc", "-shared", "-fPIC"}, Build: []string{"many/many.c"}}
)

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

// says fails unless standard output has exactly these lines.
func says(t *testing.T, o *victim.Outcome, lines ...string) {
	t.Helper()
	if want := strings.Join(lines, "\n") + "\n"; o.Stdout != want {
		t.Errorf("want the output %q: %v", want, o)
	}
}

// likePlain fails unless the program ended and said the same without Epitaph.
func likePlain(t *testing.T, o, plain *victim.Outcome) {
	t.Helper()
	if o.End() != plain.End() || o.Stdout != plain.Stdout {
		t.Errorf("not as without Epitaph.\nWith it: %v\nWithout: %v", o, plain)
	}
}

// first fails unless the crashing thread's innermost frame is of this function.
func first(t *testing.T, r *report.Report, function string) {
	t.Helper()
	if current := r.Current(); current == nil || len(current.Frames) == 0 || current.Frames[0].Name() != function {
		t.Errorf("the first frame is not of %s:\n%s", function, r)
	}
}
