//go:build linux && (amd64 || arm64) && cgo

package fields

import (
	"os"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

func crashed(t *testing.T, line string, changes ...victim.Change) *report.Report {
	t.Helper()
	o := program.Run(t, line, changes...)
	o.DiedOf(t, syscall.SIGSEGV)
	r := victim.Complete(t, o.Stderr)
	if r.Layout != "" {
		t.Errorf("not the usual order, %q:\n%s", r.Layout, r)
	}
	return r
}

func TestHost(t *testing.T) {
	h := crashed(t, "crash").Host
	if h == nil {
		t.Fatal("no line")
	}
	name, _ := os.Hostname()
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	if h.Name != name || h.OS != "linux" || h.Kernel != strings.TrimSpace(string(kernel)) || h.CPUs != runtime.NumCPU() {
		t.Errorf("%+v; want %s, %s, %d CPUs", h, name, kernel, runtime.NumCPU())
	}
	if !regexp.MustCompile(`^(glibc \d+\.\d+|musl)$`).MatchString(h.Libc) {
		t.Errorf("libc %q", h.Libc)
	}
}

func TestMemory(t *testing.T) {
	m := crashed(t, "crash limit=1").Memory
	if m == nil {
		t.Fatal("no line")
	}
	if m.Resident < 1<<20 || m.AtMost || m.Threads < 2 || m.Descriptors < 3 || m.Descriptors > 100 || m.DescriptorLimit != 500 {
		t.Errorf("%+v", m)
	}
	for _, l := range m.Limits {
		if l.Name == "core" && l.Value == 3<<20 && l.Bytes {
			return
		}
	}
	t.Errorf("the limit of core files is not among %+v", m.Limits)
}

// With no descriptor left but the spare ones. (Before Linux 6.2 a descriptor is needed to
// count them; the program, which goes on, may have taken it.)
func TestMemoryWithoutDescriptors(t *testing.T) {
	m := crashed(t, "exhausted").Memory
	if m == nil {
		t.Fatal("no line")
	}
	if m.Resident == 0 || m.Threads == 0 || m.Descriptors != 0 && m.Descriptors < 60 || m.DescriptorLimit != 64 {
		t.Errorf("%+v", m)
	}
}
