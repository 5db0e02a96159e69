//go:build linux && amd64 && cgo

package edges

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// TestFirstLineCode single-steps from a fault to its report's first line: each function of the
// core on the way stands in one of the sections that the handler fetches (native/base/fetch.h).
// One that does not costs nothing but time, so that no other test finds it.
func TestFirstLineCode(t *testing.T) {
	if !victim.Full {
		t.Skip("3 400 steps; EPITAPH_MATRIX=full makes them")
	}
	victim.NeedTools(t, "gdb")
	t.Parallel()
	o := victim.Run(t, "gdb", []string{"-nx", "-batch", "-iex", "set auto-load off", "-iex", "set debuginfod enabled off",
		"-x", "testdata/fetched.py", "--args", program.Path(t), "crash"}, victim.Limit(3*time.Minute))
	if strings.Contains(o.Stderr, "ptrace: Operation not permitted") {
		t.Skip("this machine does not let gdb run a program")
	}
	if strings.Contains(o.Stderr, "not supported in this") { // Python
		t.Skip("this gdb has no Python")
	}
	// Assembly of a few instructions, the copies of inline functions that a file has of its own, and
	// loads, which are system calls in a process that is traced.
	elsewhere := regexp.MustCompile(`^(epi_syscall6|epi_arch_.*|epi_getpid|epi_mask_of|load_by_call|load_word_by_call)$`)
	functions := regexp.MustCompile(`(?m)^function (\w+) (True|False)$`).FindAllStringSubmatch(o.Stdout, -1)
	if !strings.Contains(o.Stdout, "\nwritten after ") || len(functions) < 50 {
		t.Fatalf("%d functions up to the first line: %v", len(functions), o)
	}
	for _, f := range functions {
		if f[2] == "False" && !elsewhere.MatchString(f[1]) {
			t.Errorf("%s is on the way from a fault to the first line, and is not fetched with the others", f[1])
		}
	}
}
