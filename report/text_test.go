package report_test

import (
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

func TestGoText(t *testing.T) {
	r := sample(t, "gopanic")
	equal(t, "headline", r.Headline, "panic: first line")
	if r.Signal != nil || len(r.Registers) != 0 {
		t.Error("a panic or fatal error has a signal")
	}
	if !r.Complete() || !r.Intact() {
		t.Error("not complete and intact")
	}
	equal(t, "source", r.GoText.From, "from the crash output")
	equal(t, "a line", r.GoText.Lines[1], "\t\tsecond \\x5c \"line\" \\x1b[31m é 世\\x80")
	equal(t, "the text", string(r.GoText.Bytes()), "panic: first line\n\t\tsecond \\ \"line\" \x1b[31m é 世\x80\n\t\n\n"+
		"goroutine 1 [running]:\nmain.init.0.func2()\n\t/srv/victim/kinds.go:20 +0x25\nmain.main()\n\t/srv/victim/main.go:76 +0x33c\n")
	equal(t, "the text of none", (*report.Text)(nil).Bytes(), nil)
	equal(t, "signature", r.SignatureParts(), []string{"panic", "main.init.func", "main.main"})
}

// A panic that was formatted for the report stands at its end, one that was noted beside
// Go's own text.
func TestPanicsPlace(t *testing.T) {
	for from, text := range map[string]string{
		"noted by goroutine 7": "Fatal Go error: x\n\nPanic (noted by goroutine 7):\n  a\n\nModules:\n  0x0000000000000001-0x0000000000000002 /a\n",
		"formatted in a copy of the process": "Fatal Go error: x\n\nModules:\n  0x0000000000000001-0x0000000000000002 /a\n" +
			"Panic (formatted in a copy of the process):\n  a\nEnd of report (complete, 1 bytes, 1.0 ms)\n",
	} {
		r := parse(t, text)
		equal(t, "panic", *r.Panic, report.Text{From: from, Lines: []string{"a"}})
		equal(t, "layout", r.Layout, "")
		equal(t, "printed", r.String(), text)
	}
}

// Where the stack of the thread says nothing, that of Go's text does.
func TestSignatureOfGoText(t *testing.T) {
	equal(t, "signature", sample(t, "gostack").SignatureParts(), []string{"stack overflow", "main.recurse", "main.main"})
}

// Lines of Go's text that look like others are its lines all the same, and what
// follows it is not.
func TestGoTextKeepsItsLines(t *testing.T) {
	text := "Fatal Go error: x\n\nGo's own report (from here):\n  Registers:\n  End of report (complete, 1 bytes, 1 ms)\n" +
		"    File \"a\", line 1 in f\n  \n  Panic (a):\n\nPanic (noted by goroutine 7):\n  a\n\nModules:\n  0x0000000000000001-0x0000000000000002 /a\n"
	r := parse(t, text)
	equal(t, "unknown lines", len(r.Unknown), 0)
	equal(t, "Go's lines", len(r.GoText.Lines), 5)
	equal(t, "panic", *r.Panic, report.Text{From: "noted by goroutine 7", Lines: []string{"a"}})
	equal(t, "modules", len(r.Modules), 1)
	equal(t, "printed", r.String(), text)

	// A line that is added by hand cannot break the others.
	r.GoText.Lines = append(r.GoText.Lines, "one\ttab\nand\x00more")
	again := parse(t, r.String())
	equal(t, "hostile line", again.GoText.Lines[5], "one\ttab\\x0aand\\x00more")
	if strings.Count(r.String(), "\n") != strings.Count(text, "\n")+1 {
		t.Error("the line became two")
	}
}
