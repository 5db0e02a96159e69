//go:build linux && (amd64 || arm64) && cgo

package godeath

import (
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// TestTermination: whatever Go dies of, Kubernetes' message has its words and the
// goroutine, and standard error is as it was.
func TestTermination(t *testing.T) {
	for _, d := range deaths {
		t.Run(d.kind, func(t *testing.T) {
			t.Parallel()
			log := victim.NewKubelet(t)
			o := run(t, plain, d.kind+" termination="+log.Path)
			same(t, o, run(t, plain, d.kind+" off=1"))
			message := log.Message(1)
			r, err := report.Parse([]byte(message))
			if err != nil || !r.Intact() || r.End == nil || r.End.Part != "headline" || len(r.Unknown) > 0 || len(message) > 4096 {
				t.Fatalf("the message (%v), %d bytes:\n%s", err, len(message), message)
			}
			if r.Headline != d.headline && !(d.headline == "panic: " && strings.HasPrefix(r.Headline, d.headline)) {
				t.Errorf("the headline is %q, want %q", r.Headline, d.headline)
			}
			if r.GoText == nil {
				t.Fatalf("no text of Go's in:\n%s", message)
			}
			beginsAs(t, string(r.GoText.Bytes()), o.Stderr)
			if first := log.Message(12); !strings.Contains(first, "\n  goroutine ") && len(o.Stderr) < 1000 {
				t.Errorf("a twelfth of a pod's message has no goroutine:\n%s", first)
			}
		})
	}
}

// beginsAs fails unless a text has the lines of Go's, in its order, as far as its first
// goroutine goes; but for those in its middle.
func beginsAs(t *testing.T, text, whole string) {
	t.Helper()
	at := strings.Index(whole, "\ngoroutine ")
	if at < 0 {
		t.Fatalf("no goroutine in Go's text:\n%s", ends(whole))
	}
	head, rest := whole[:at+1], whole[at+1:]
	if end := strings.Index(rest, "\n\n"); end >= 0 {
		rest = rest[:end+1]
	}
	if lines := strings.SplitAfter(rest, "\n"); !strings.Contains(text, strings.Join(lines[:min(3, len(lines))], "")) {
		t.Errorf("the goroutine is missing:\n%s\nof:\n%s", text, ends(whole))
	}
	if line, _, _ := strings.Cut(head, "\n"); !strings.HasPrefix(text, line+"\n") && len(line) < 1000 {
		t.Errorf("the first line is missing:\n%s\nof:\n%s", text, ends(whole))
	}
	for line := range strings.Lines(text) {
		if !strings.Contains(whole, line) && !strings.HasSuffix(line, "frames elided...\n") && !strings.HasSuffix(line, "...\n") {
			t.Errorf("%q is not Go's", line)
		}
	}
}
