//go:build linux && amd64 && cgo

package threads

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// A sanitizer's runtime that is linked in statically has definitions of the same names: those of the
// program come first, for threads and masks of shared libraries too, and go on to the runtime's.
func TestLibrariesThreadsUnderSanitizers(t *testing.T) {
	if !victim.Full {
		t.Skip("only with EPITAPH_MATRIX=full")
	}
	env := victim.Env("LIBRARY="+masking.Path(t), "ASAN_OPTIONS=use_sigaltstack=0:detect_leaks=0:handle_segv=0:handle_abort=0")
	for _, way := range [][3]string{
		{"clang", "clang++", ""}, {"gcc", "g++", ""}, {"gcc", "g++", " -static-libasan"},
	} {
		t.Run(way[0]+way[2], func(t *testing.T) {
			if _, err := exec.LookPath(way[1]); err != nil {
				t.Skipf("%s is not installed", way[1])
			}
			flags := "-fsanitize=address"
			sanitized := &victim.Program{Limit: limit, Build: []string{"-tags", "epitaph_test", "./victim"},
				Env: []string{"CC=" + way[0], "CXX=" + way[1], "CGO_CFLAGS=-O1 -g " + flags, "CGO_CXXFLAGS=-O1 -g " + flags,
					"CGO_LDFLAGS=" + flags + way[2]}}
			out := sanitized.Run(t, "bare 1", env)
			out.DiedOf(t, syscall.SIGSEGV)
			if r := victim.Complete(t, out.Stderr); !strings.Contains(r.Signal.Cause, "stack overflow") || r.Current().Name() != "bare" {
				t.Errorf("not the report of the overflow: %v", out)
			}
			if waited := numbers(t, out)["waited"]; waited < 0 || waited > 500 {
				t.Errorf("the thread had no stack for %d ms", waited)
			}
			plain, out := sanitized.Run(t, "masks 2", env), sanitized.Run(t, "masks 3", env)
			if !plain.IsExit(0) || strings.Count(plain.Stdout, "\n") < 20 || !out.IsExit(0) || out.Stdout != plain.Stdout {
				t.Errorf("%v\nwithout Epitaph:\n%s", out, plain.Stdout)
			}
			out = sanitized.Run(t, "load", env)
			if !out.IsExit(0) || strings.TrimSpace(out.Stdout) != "loaded 1" {
				t.Error(out)
			}
		})
	}
}
