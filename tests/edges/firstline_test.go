//go:build linux && (amd64 || arm64) && cgo

package edges

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// firstLineCalls are the system calls between a fault and its report's first line, with how
// often each is made at most. What is missing here has to come behind that line, above all the
// wake-up of a thread, which takes the processor on which the line's reader would wake.
var firstLineCalls = map[string]int{
	"getpid":           1,
	"gettid":           1,
	"clock_gettime":    2, // when it began, and the time of the write
	"rt_sigprocmask":   1, // the faults of the reporter itself
	"sigaltstack":      1, // and where they are handled
	"fstat":            1, // is the output still the one it was?
	"newfstatat":       1,
	"fcntl":            1, // no other process reports to it
	"ppoll":            1, // and it takes text
	"process_vm_readv": 8, // loads, where the process is traced as it is here
}

func TestFirstLineCalls(t *testing.T) {
	victim.NeedTools(t, "strace")
	trace := filepath.Join(t.TempDir(), "trace")
	t.Parallel()
	o := run(t, "crash", victim.Under("strace", "-f", "-qq", "-o", trace))
	if strings.Contains(o.Stderr, "ptrace") && !strings.Contains(o.Stderr, "Fatal error") {
		t.Skip("tracing is not permitted")
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	calls := make(map[string]int)
	thread, written := "", false
	call := regexp.MustCompile(`^([0-9]+) +([a-z0-9_]+)\((.*)`)
	for line := range strings.Lines(string(text)) {
		if id, _, found := strings.Cut(line, " --- SIGSEGV "); found && thread == "" {
			thread = strings.TrimSpace(id)
			continue
		}
		m := call.FindStringSubmatch(line)
		if m == nil || m[1] != thread {
			continue
		}
		if written = strings.Contains(m[3], "Fatal error: "); written {
			break
		}
		calls[m[2]]++
	}
	if !written {
		t.Fatalf("no first line behind the fault of thread %q, but %v", thread, calls)
	}
	loads := calls["process_vm_readv"] // asks for the number of the process each time
	calls["getpid"] -= loads
	t.Log(calls)
	for name, n := range calls {
		if n > firstLineCalls[name] {
			t.Errorf("%d calls of %s before the first line, want at most %d", n, name, firstLineCalls[name])
		}
	}
}
