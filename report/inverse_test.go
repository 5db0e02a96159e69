package report_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

func TestPrintIsTheInverseOfParse(t *testing.T) {
	for name, text := range samples(t) {
		r := parse(t, text)
		if got := r.String(); got != text {
			t.Errorf("%s:\n%s", name, firstDifference(got, text))
		}
		b, err := r.AppendText([]byte("before "))
		if err != nil || string(b) != "before "+text {
			t.Errorf("%s: AppendText does not append the text: %v", name, err)
		}
		b, err = r.MarshalText()
		if err != nil || string(b) != text {
			t.Errorf("%s: MarshalText differs: %v", name, err)
		}
		var again report.Report
		if err := again.UnmarshalText(b); err != nil || !reflect.DeepEqual(&again, r) {
			t.Errorf("%s: UnmarshalText differs: %v", name, err)
		}
	}
}

func firstDifference(got, want string) string {
	g, w := strings.SplitAfter(got, "\n"), strings.SplitAfter(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "got  " + g[i] + "want " + w[i]
		}
	}
	return "the lengths differ"
}

// TestUnderstood shows that the identity does not come from keeping raw lines:
// the reports of this version have none, and those in the order of now need no
// layout either.
func TestUnderstood(t *testing.T) {
	unknown := map[string][]string{
		"abort": {"  0x0000000000400000-0x00000000005e80"},
		"cut":   {`  File "native/decoder.c", line 42 in deco`},
		"newer": {
			"Container: 0123 (memory limit 512 MiB)",
			"2026/11/21 19:40:00 another goroutine logs this",
			"  <tail call: 3>",
			"Fiber 12 [parked] (most recent call first):",
			`  File "/srv/g.go", line 40 in main.fiber`,
			"Open files:",
			"  3 /srv/data",
			"  x3 0x0000000000000004  x4 undefined",
			"  ... (12 more modules)",
		},
	}
	ordered := map[string]bool{"bare": true, "panic": true, "timeout": true, "dump": true, "sentence": true, "host": true, "asked": true, "overflow": true}
	for name, text := range samples(t) {
		r := parse(t, text)
		var got []string
		for _, u := range r.Unknown {
			got = append(got, string(u.Text))
			if line := strings.Split(text, "\n")[u.Line-1]; line != string(u.Text) {
				t.Errorf("%s: line %d is %q, not %q", name, u.Line, line, u.Text)
			}
		}
		equal(t, name+": lines that were not understood", got, unknown[name])
		if usual := r.Layout == ""; usual != (ordered[name] || strings.HasPrefix(name, "now-")) {
			t.Errorf("%s: the layout is %q", name, r.Layout)
		}
	}
}

func TestCountOfBytes(t *testing.T) {
	text := samples(t)["segv"]
	r := parse(t, strings.Replace(text, "\nCode:", "\nlog line\nCode:", 1))
	if r.Intact() || !r.Complete() {
		t.Errorf("with a line in between: intact %v, complete %v", r.Intact(), r.Complete())
	}
	equal(t, "difference", r.End.Counted-r.End.Bytes, int64(len("log line\n")))
	r = sample(t, "terminal")
	if !r.Intact() {
		t.Errorf("with the ends of lines of a terminal: %d bytes counted, not %d", r.End.Counted, r.End.Bytes)
	}
}

func TestErrors(t *testing.T) {
	text := samples(t)["panic"]
	for name, c := range map[string]struct{ text, want string }{
		"empty":    {"", "report: line 1: the text is empty"},
		"other":    {"hello\nworld\n", `report: line 1: not the start of a report: "hello"`},
		"blank":    {"\n" + text, `report: line 1: not the start of a report: ""`},
		"behind":   {text + "\nmore\n", `report: line 9: text after the end of the report: "more"`},
		"second":   {text + text, `report: line 8: a second report starts: "Fatal Go error: panic: runtime error: index out of range [5]`},
		"two cuts": {"Fatal Go error: X\nTimeout (0:00:01)!\n", `report: line 2: a second report starts: "Timeout (0:00:01)!"`},
	} {
		r, err := report.Parse([]byte(c.text))
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, %v; want %s", name, r, err, c.want)
		}
	}
	r := parse(t, text+"\n\n")
	equal(t, "empty lines behind", r.String(), text+"\n\n")
}

// TestEveryTruncation cuts every sample at every byte, the long ones at some.
func TestEveryTruncation(t *testing.T) {
	for name, text := range samples(t) {
		whole := parse(t, text)
		step := 1 + len(text)/4000*7
		if testing.Short() {
			step *= 16
		}
		for n := 0; n < len(text); n += step {
			r, err := report.Parse([]byte(text[:n]))
			if err != nil {
				if n >= len("Goroutines: 5321, ") && whole.Kind == report.Crash {
					t.Errorf("%s cut at %d: %v", name, n, err)
				}
				continue
			}
			if got := r.String(); got != text[:n] {
				t.Fatalf("%s cut at %d:\n%s", name, n, firstDifference(got, text[:n]))
			}
			// What is cut off the sentence behind the end is no part of the report.
			last := text[strings.LastIndex(text[:n], "\n")+1 : n]
			if !r.Truncated && (whole.End == nil || n < len(strings.TrimRight(text, "\r\n"))) && !strings.Contains(last, " ms)") {
				t.Errorf("%s cut at %d is not truncated", name, n)
			}
			r.Signature()
		}
	}
}

// TestChangedValues shows that a report prints its values, not its text.
func TestChangedValues(t *testing.T) {
	text := samples(t)["newer"]
	r := parse(t, text)
	r.Threads[0].Frames[1].Line = 4711
	equal(t, "changed value", r.String(), strings.Replace(text, "line 11 in main.main", "line 4711 in main.main", 1))
	r.Notes = append(r.Notes, "added")
	r.Messages = append(r.Messages, "he said \"no\"\n")
	got := r.String()
	for _, want := range []string{"Note: added\n", `Message: "he said \x22no\x22\x0a"` + "\n", "Fiber 12 [parked] (most recent call first):\n", "line 4711 in main.main\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("after adding a value, %q is not in\n%s", want, got)
		}
	}
	if again := parse(t, got); !reflect.DeepEqual(again.Notes, r.Notes) {
		t.Errorf("notes: %q", again.Notes)
	}
}

func TestValuesMadeByHand(t *testing.T) {
	r := &report.Report{
		Headline: "Aborted\nInjected: line",
		Process:  &report.Process{Name: "a\"b\\c\x1b[31m\xff\u202e\u00e9"},
		Threads:  []report.Thread{{Kind: report.CurrentThread, Count: 1, Frames: []report.Frame{{Func: "f\ng"}}}},
		Unknown:  []report.UnknownLine{{Text: "a\nb"}},
	}
	again := parse(t, r.String())
	equal(t, "headline", again.Headline, `Aborted\x0aInjected: line`)
	equal(t, "name", again.Process.Name, `a"b\c\x1b[31m\xff\u202e`+"\u00e9")
	equal(t, "function", again.Current().Frames[0].Func, `f\x0ag`)
	equal(t, "unknown", again.Unknown[0].Text, `a\x0ab`)
	for _, empty := range []*report.Report{{}, {Kind: report.Timeout}, {Kind: report.Dump}, {Kind: 9},
		{Layout: "TFFF"}, {Layout: "^$"}, {Layout: "'9?"}} {
		if got, _ := empty.MarshalText(); len(got) > 40 {
			t.Errorf("%+v: %q", empty, got)
		}
	}
}
