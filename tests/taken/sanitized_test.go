//go:build linux && amd64 && cgo

package taken

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// sanitizers are kinds of builds in which a runtime that is linked in, or loaded before libc, defines
// the same names.
var sanitizers = []struct{ name, compiler, flag, link string }{
	{"clang address", "clang", "-fsanitize=address", ""},
	{"clang leak", "clang", "-fsanitize=leak", ""},
	{"gcc address", "gcc", "-fsanitize=address", ""},
	{"gcc address, static", "gcc", "-fsanitize=address", " -static-libasan"},
}

// A library's calls come to the core, and then to the sanitizer's runtime.
func TestLibraryUnderSanitizers(t *testing.T) {
	if !victim.Full {
		t.Skip("only with EPITAPH_MATRIX=full")
	}
	quiet := victim.Env("LIBRARY="+library.Path(t), "LSAN_OPTIONS=detect_leaks=0",
		"ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigfpe=0:handle_sigill=0:handle_sigtrap=0")
	for _, s := range sanitizers {
		t.Run(s.name, func(t *testing.T) {
			if _, err := exec.LookPath(s.compiler); err != nil {
				t.Skipf("%s is not installed", s.compiler)
			}
			sanitized := &victim.Program{Build: []string{"./victim"}, Limit: limit,
				Env: []string{"CC=" + s.compiler, "CGO_CFLAGS=-O1 -g " + s.flag, "CGO_LDFLAGS=" + s.flag + s.link}}
			for _, do := range []string{"sigaction:dies", "signal:plain", "sigset:plain"} {
				o := sanitized.Run(t, "take kind=null hostfirst=false do="+do, quiet)
				o.DiedOf(t, syscall.SIGSEGV)
				if after := afterReport(t, o); strings.Count(after, "library: ") != 1 {
					t.Errorf("%s: the library's handler was not called once after the report: %v", do, o)
				}
			}
			line := "show signals=11,6,5,12 do=sigaction:dies,sigaction:saved,signal:plain,signal:saved,sigaction:ignored,signal:default"
			o, plain := sanitized.Run(t, line, quiet), sanitized.Run(t, line+" off=1", quiet)
			o.Exited(t, 3)
			if o.Stdout != plain.Stdout || strings.Contains(o.Stdout, "unknown") {
				t.Errorf("not as without Epitaph.\nWith it: %v\nWithout: %v", o, plain)
			}
			for _, line := range []string{"trap signal=5 do=sigaction:emulates", "trap signal=31 do=sigaction:emulates"} {
				o := sanitized.Run(t, line, quiet)
				o.Exited(t, 3)
				if victim.NoReport(t, o.Stderr); o.Stdout != "sum 7700\n" {
					t.Errorf("%s: not what the handler gives: %v", line, o)
				}
			}
		})
	}
}

// The thread sanitizer's runtime handles all signals: Enable says so, and the library's handler has the
// fault, as without Epitaph.
func TestLibraryUnderThreadSanitizer(t *testing.T) {
	if !victim.Full {
		t.Skip("only with EPITAPH_MATRIX=full")
	}
	for _, compiler := range []string{"clang", "gcc"} {
		t.Run(compiler, func(t *testing.T) {
			if _, err := exec.LookPath(compiler); err != nil {
				t.Skipf("%s is not installed", compiler)
			}
			sanitized := &victim.Program{Build: []string{"./victim"}, Limit: limit,
				Env: []string{"CC=" + compiler, "CGO_CFLAGS=-O1 -g -fsanitize=thread", "CGO_LDFLAGS=-fsanitize=thread"}}
			env := victim.Env("LIBRARY="+library.Path(t), "TSAN_OPTIONS=handle_segv=0")
			plain := sanitized.Run(t, "take kind=null do=sigaction:dies off=1", env)
			if strings.Contains(plain.Stderr, "unexpected memory mapping") { // with much randomization of addresses
				t.Skip(plain)
			}
			plain.DiedOf(t, syscall.SIGSEGV)
			if strings.Count(plain.Stderr, "library: dies....") != 1 {
				t.Errorf("the library's handler was not called: %v", plain)
			}
			o := sanitized.Run(t, "take kind=null do=sigaction:dies", env)
			if !strings.Contains(o.Stderr, "epitaph: the program handles all real-time signals") {
				t.Errorf("Enable returns no error: %v", o)
			}
		})
	}
}
