package report_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/epitaph-go/epitaph/report"
)

type found struct {
	line int
	text string
}

func scanAll(t testing.TB, s *report.Scanner) (all []found) {
	t.Helper()
	for s.Scan() {
		all = append(all, found{s.Line(), s.Report().String()})
	}
	if s.Report() != nil {
		t.Error("there is a report after the last one")
	}
	return all
}

func TestScanner(t *testing.T) {
	text, err := os.ReadFile("testdata/stream.log")
	if err != nil {
		t.Fatal(err)
	}
	all := samples(t)
	lines := strings.Split(string(text), "\n")
	for name, r := range map[string]io.Reader{
		"whole":        strings.NewReader(string(text)),
		"byte by byte": iotest.OneByteReader(strings.NewReader(string(text))),
	} {
		s := report.NewScanner(r)
		got := scanAll(t, s)
		if s.Err() != nil || len(got) != 6 {
			t.Fatalf("%s: %d reports, %v", name, len(got), s.Err())
		}
		cut := all["cut"]
		equal(t, "1: after other text on its line", got[0].text, all["segv"])
		equal(t, "2: cut, with the rest of the line", got[1].text,
			cut[:strings.LastIndex(cut, `", line`)]+" of another log\n")
		equal(t, "3: after other text", got[2].text, all["panic"])
		equal(t, "4: from a terminal", got[3].text, all["terminal"])
		equal(t, "5: a dump, up to other text", got[4].text, all["dump"])
		equal(t, "6: cut by the end of the stream", got[5].text, cut[:60])
		for i, f := range got {
			first, _, _ := strings.Cut(f.text, "\n")
			if !strings.HasSuffix(lines[f.line-1], first) {
				t.Errorf("report %d is not at line %d: %q", i+1, f.line, lines[f.line-1])
			}
		}
	}
}

func TestScannerTruncated(t *testing.T) {
	s := report.NewScanner(strings.NewReader(samples(t)["cut"]))
	if !s.Scan() || !s.Report().Truncated || s.Report().Current().Name() != "decoder-3" {
		t.Errorf("%+v", s.Report())
	}
}

// TestScannerTail: what follows a report that was cut is not taken along.
func TestScannerTail(t *testing.T) {
	const head = "Fatal Go error: X\n\nNote: a\n"
	for tail, want := range map[string]string{
		"":                       "",
		"one\n":                  "one\n",
		"one\ntwo\nthree":        "one\n",
		"\n\n":                   "\n",
		"\none\ntwo\n":           "\none\n",
		"\n\none\ntwo\n":         "\n",
		"one\n" + head + "two\n": "one\n|" + head + "two\n",
		"one\nNote: b\ntwo\n3\n": "one\nNote: b\ntwo\n",
	} {
		var got []string
		for _, f := range scanAll(t, report.NewScanner(strings.NewReader(head+tail))) {
			got = append(got, f.text)
		}
		equal(t, tail, strings.Join(got, "|"), head+want)
	}
}

func TestScannerNothing(t *testing.T) {
	for _, text := range []string{"", "\n", "a\nb", "log: Fatal Go error: X\nnext\n", "log: Fatal Go error: X",
		"Thread 0x1 (most recent call first):\n", "Timeout (soon)!\n"} {
		if got := scanAll(t, report.NewScanner(strings.NewReader(text))); got != nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestScannerTwoDumps(t *testing.T) {
	dump := samples(t)["dump"]
	got := scanAll(t, report.NewScanner(strings.NewReader(dump+dump+"  indented\nOpen files:\n  3 x\nbye\n"+dump)))
	equal(t, "dumps", got, []found{{1, dump}, {5, dump}, {13, dump}})
}

func TestScannerError(t *testing.T) {
	broken := errors.New("broken")
	s := report.NewScanner(io.MultiReader(strings.NewReader("a\nFatal Go error: X\n\nNo"), iotest.ErrReader(broken)))
	equal(t, "reports", scanAll(t, s), []found{{2, "Fatal Go error: X\n\nNo"}})
	if err := s.Err(); !errors.Is(err, broken) || err.Error() != "report: line 4: broken" {
		t.Errorf("error: %v", err)
	}
	if s.Scan() {
		t.Error("Scan goes on after an error")
	}
}

// TestScannerLimit: neither a long report nor a long line takes more memory
// than the limit, and what comes after is still found.
func TestScannerLimit(t *testing.T) {
	report1 := samples(t)["panic"]
	for name, junk := range map[string]string{
		"long line":        strings.Repeat("x", 300_000) + "\n",
		"long report":      "Fatal Go error: X\n\n" + strings.Repeat("Note: again\n", 10_000),
		"long line in one": "Fatal Go error: X\n\nNote: a\n" + strings.Repeat("y", 300_000) + "\n",
		"long headline":    "Fatal Go error: " + strings.Repeat("z", 300_000) + "\n",
	} {
		s := report.NewScanner(strings.NewReader(junk + report1 + "after\n"))
		s.SetLimit(1000)
		got := scanAll(t, s)
		if len(got) == 0 || got[len(got)-1].text != report1 {
			t.Errorf("%s: %d reports", name, len(got))
		}
		for _, f := range got {
			if len(f.text) > 1000 {
				t.Errorf("%s: a report of %d bytes", name, len(f.text))
			}
		}
	}
}

// An empty line does not confirm the first line of a dump that stands behind a prefix.
func TestScannerEmptyLineAfterPrefix(t *testing.T) {
	text := samples(t)["segv"]
	for _, opener := range []string{"Timeout (0:00:01)!", "Process: 1", "Thread 0x1 (most recent call first):", "Stack (most recent call first):"} {
		found := 0
		for s := report.NewScanner(strings.NewReader(" 3" + opener + "\n\n" + text)); s.Scan(); {
			if s.Report().String() == text {
				found++
			}
		}
		equal(t, opener, found, 1)
	}
}

// A report that ends with a line that may begin another one does not take the lines of the
// next one, of which only the first byte of the prefix is the same.
func TestScannerOneByteInCommon(t *testing.T) {
	text := samples(t)["segv"]
	var log strings.Builder
	log.WriteString("[06:29:29] Process: 28147 \"demo\" (/srv/demo), thread 28147 \"demo\", 2026-11-29T18:31:41.051644Z, up 1.057 s\n" +
		"2026/11/29 18:30:00 restarted\n")
	for line := range strings.Lines(text) {
		log.WriteString("[pod/app-6d4b-x2x/main] " + line)
	}
	found := 0
	for s := report.NewScanner(strings.NewReader(log.String())); s.Scan(); {
		if s.Report().String() == text {
			found++
		}
	}
	equal(t, "reports", found, 1)
}
