//go:build linux && (amd64 || arm64) && cgo

package live

import (
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// A stalled is a pipe that a writer finds full once there is anything in it.
type stalled struct {
	*os.File
	text strings.Builder
}

func stalledPipe(t *testing.T) (s *stalled, w *os.File) {
	t.Helper()
	r, w := victim.OnePage(t)
	return &stalled{File: r}, w
}

// until reads what is there, until the text is among it.
func (s *stalled) until(t *testing.T, text string) {
	t.Helper()
	for buffer := make([]byte, 4096); !strings.Contains(s.text.String(), text); {
		n, err := s.Read(buffer)
		if err != nil {
			t.Fatalf("%v, before %q in:\n%s", err, text, &s.text)
		}
		s.text.Write(buffer[:n])
	}
}

// Go answers neither a dump nor the crash that comes while the dump writes its
// snapshot: each has its own.
func TestSnapshotsOfDumpAndCrash(t *testing.T) {
	t.Parallel()
	reports, reportsIn := stalledPipe(t)
	dumps, dumpsIn := stalledPipe(t)
	c := plain.Start(t, "snapshots fd=3 deadline=20s trouble=forge forged=5",
		victim.Inherit(reportsIn), victim.Inherit(dumpsIn), victim.Talk)
	reportsIn.Close()
	dumpsIn.Close()
	const snapshot = "(Go failed to list them)"
	dumps.until(t, snapshot)
	c.In.Write([]byte("\n"))
	reports.until(t, snapshot)
	go io.Copy(&dumps.text, dumps)
	if line, err := c.Out.ReadString('\n'); !strings.HasPrefix(line, "the dump is over: ") {
		t.Errorf("the victim says %q, %v", line, err)
	}
	io.Copy(&reports.text, reports)
	c.Wait().DiedOf(t, syscall.SIGSEGV)
	r := victim.Complete(t, reports.text.String())
	if count(r, "main.after") == 0 || count(r, "main.before") != 0 {
		t.Errorf("the crash does not show the newest snapshot:\n%s", r)
	}
	dumped := dumps.text.String()
	if _, err := report.Parse([]byte(dumped)); err != nil || !strings.Contains(dumped, "main.before") || strings.Contains(dumped, "main.after") {
		t.Errorf("%v: the dump shows something else than the snapshot that it began with:\n%s", err, dumped)
	}
}
