package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

// FuzzParse: for every text that is accepted, printing is the inverse of
// parsing, values are printable, and JSON loses nothing; no text panics.
func FuzzParse(f *testing.F) {
	for _, text := range samples(f) {
		f.Add([]byte(text))
		f.Add([]byte(text[:len(text)/2]))
		f.Add([]byte(strings.Replace(text, "\n", "\r\n", 5)))
		f.Add([]byte("progress 34%" + text + text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := report.NewScanner(bytes.NewReader(text))
		s.SetLimit(1 << 16)
		for s.Scan() {
			if again, err := report.Parse([]byte(s.Report().String())); err != nil {
				t.Fatalf("a report that was found cannot be parsed: %v", err)
			} else if again.Signature() != s.Report().Signature() {
				t.Fatal("a report that was found has another signature")
			}
		}
		r, err := report.Parse(text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "report: line ") {
				t.Fatalf("error without a line: %v", err)
			}
			return
		}
		if got := r.String(); got != string(text) {
			t.Fatalf("got  %q\nwant %q", got, text)
		}
		if current := r.Current(); current != nil {
			current.Names()
			for _, frame := range current.Frames {
				r.ModuleOffset(frame)
				for _, c := range frame.Name() {
					if c < ' ' || c == 0x7f || c == 0xfffd && !strings.Contains(string(text), `\ufffd`) {
						t.Fatalf("name %q", frame.Name())
					}
				}
			}
		}
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var again report.Report
		if err := json.Unmarshal(b, &again); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(&again, r) {
			t.Fatalf("JSON:\n got %+v\nwant %+v", &again, r)
		}
	})
}

// FuzzScanner: what is found in a log does not depend on the pieces in which the log comes;
// every report that is found can be parsed, and stands where it is said to. The seeds are
// what collectors make of reports.
func FuzzScanner(f *testing.F) {
	all := samples(f)
	for _, of := range slices.Sorted(maps.Keys(collectors)) {
		for _, name := range []string{"now-null", "now-panic", "host", "dump"} {
			f.Add([]byte("a line of the log\n" + collectors[of](all[name]) + "another\n"))
		}
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		scan := func(in io.Reader) (found []string) {
			s := report.NewScanner(in)
			s.Limit(1 << 16)
			for s.Scan() {
				text := s.Report().String()
				if _, err := report.Parse([]byte(text)); err != nil {
					t.Fatalf("a report that was found cannot be parsed: %v", err)
				}
				if n := bytes.Count(log, []byte("\n")) + 1; s.Line() < 1 || s.Line() > n {
					t.Fatalf("a report begins in line %d of %d", s.Line(), n)
				}
				found = append(found, fmt.Sprint(s.Line(), text))
			}
			if err := s.Err(); err != nil {
				t.Fatal(err)
			}
			return found
		}
		whole := scan(bytes.NewReader(log))
		if pieces := scan(iotest.OneByteReader(bytes.NewReader(log))); !slices.Equal(pieces, whole) {
			t.Fatalf("in pieces\n%q\nat once\n%q", pieces, whole)
		}
	})
}

// hostile are texts of about n bytes that would take long if anything looked
// back over what it has seen.
func hostile(n int) map[string]string {
	const head = "Fatal Go error: X\n\nCurrent thread 0x0000000000000001 [t, 1] (most recent call first):\n"
	fill := func(s string) string { return strings.Repeat(s, n/len(s)) }
	return map[string]string{
		"one line":         head + fill("x"),
		"empty lines":      head + fill("\n"),
		"frames":           head + fill("  ...\n"),
		"unknown":          head + fill("x\n"),
		"threads":          head + fill("Thread 0x0000000000000001 (most recent call first):\n"),
		"one frame":        head + `  File "` + fill(`", line 1 in `) + "\n",
		"backslashes":      head + `  File "a", line 1 in ` + fill(`\u`) + "\n",
		"brackets":         head + `  File "a", line 1 in ` + fill(`<(`) + "\n",
		"one group":        head + fill("9 threads [; ") + "] (most recent call first):\n",
		"members":          head + "9 threads [" + fill("a, 1; ") + "a, 1] (most recent call first):\n",
		"goroutines":       head + "Goroutines " + fill("1, ") + "1 [x] (most recent call first):\n",
		"registers":        head + "Registers:\n  " + fill("a 0x0000000000000001  ") + "\n",
		"code":             head + "Code: " + fill("<00> ") + "\n",
		"stack":            head + "Stack: 0x0000000000000001:" + fill(" 0x0000000000000001") + "\n",
		"reasons":          head + "End of report (incomplete: " + fill("a, ") + "1 bytes, 1 ms)\n",
		"process":          head + "Process: " + fill(`1 "a" (`) + "\n",
		"build":            head + "Build: go a, " + fill(" (revision , build-id ") + "\n",
		"answers":          head + "1 of 1 threads answered" + fill("; 1 were late") + "\n",
		"headings":         head + fill("Registers:\n"),
		"starts":           fill("Stack (most recent call first):\n") + head,
		"ends":             fill("End of report (complete, 1 bytes, 1 ms)\n"),
		"carriage returns": strings.Replace(head, "\n", "\r\n", 1) + fill("x\n"),
	}
}

// TestHostileTextTakesLinearTime: the limit is far above what is measured (at
// most 0.4 s for 2 MB), also under the race detector on a busy machine, and far
// below what quadratic time would take.
func TestHostileTextTakesLinearTime(t *testing.T) {
	const limit = 2 * time.Minute
	size := 2 << 20
	if testing.Short() {
		size = 1 << 17
	}
	for name, text := range hostile(size) {
		start := time.Now()
		r, err := report.Parse([]byte(text))
		if err == nil {
			r.Signature()
			if got := r.String(); got != text {
				t.Errorf("%s: the text differs", name)
			}
		}
		if took := time.Since(start); took > limit {
			t.Errorf("%s: %v", name, took)
		}
	}
	for name, text := range hostile(size / 10) {
		start := time.Now()
		s := report.NewScanner(strings.NewReader(text))
		for s.Scan() {
			s.Report().Signature()
		}
		if took := time.Since(start); took > limit || s.Err() != nil {
			t.Errorf("%s: Scanner: %v, %v", name, took, s.Err())
		}
	}
}
