//go:build linux && (amd64 || arm64) && cgo

package edges

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// record is the one line of JSON that a text is, and the report that is found in it.
func record(t *testing.T, line string) (members map[string]any, r *report.Report) {
	t.Helper()
	if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") {
		t.Errorf("not one line:\n%s", line)
	}
	if err := json.Unmarshal([]byte(line), &members); err != nil {
		t.Fatalf("%v:\n%s", err, line)
	}
	text, _ := members["exception.stacktrace"].(string)
	scanner := report.NewScanner(strings.NewReader(line))
	if !scanner.Scan() || scanner.Report().String() != text || scanner.Scan() {
		t.Fatalf("not the report that the line has:\n%s", line)
	}
	scanner = report.NewScanner(strings.NewReader(line))
	scanner.Scan()
	return members, scanner.Report()
}

// agrees fails unless the members are those of report.Record, as far as the core has them.
func agrees(t *testing.T, members map[string]any, r *report.Report) {
	t.Helper()
	want := r.Record()
	for name, value := range members {
		switch name {
		case "timestamp": // a moment before that in the text
			continue
		case "body", "host.name": // of a dump it is more in the record; the text may not have the host
			if want[name] == nil || r.Kind != report.Crash {
				continue
			}
		}
		if want[name] == nil && (r.Process == nil || r.Build == nil) { // a dump has no such lines
			continue
		}
		if number, ok := value.(float64); ok {
			value = int(number)
		}
		if fmt.Sprint(want[name]) != fmt.Sprint(value) {
			t.Errorf("%s is %v, in the record of the report %v", name, value, want[name])
		}
	}
	for _, name := range []string{"timestamp", "severity_text", "body", "epitaph.kind", "process.pid", "thread.name", "host.name"} {
		if members[name] == nil {
			t.Errorf("there is no member %s", name)
		}
	}
}

// TestJSON: whatever crashes, standard error has one line.
func TestJSON(t *testing.T) {
	for _, kind := range []string{"null", "div", "ud2", "int3", "abort", "raise_bus", "raise_sys", "overflow"} {
		for _, place := range []string{"cgo", "thread"} {
			t.Run(kind+"/"+place, func(t *testing.T) {
				t.Parallel()
				o := run(t, "crash format=json kind="+kind+" place="+place)
				members, r := record(t, o.Stderr)
				victim.Complete(t, r.String())
				agrees(t, members, r)
				if members["exception.message"] == nil || members["body"] != r.Sentence {
					t.Errorf("the message is %v, the body %v", members["exception.message"], members["body"])
				}
			})
		}
	}
}

// TestJSONOfBrokenReport: the line is whole and valid although parts of the report fail.
func TestJSONOfBrokenReport(t *testing.T) {
	for _, trouble := range []string{"fault", "hang"} {
		for _, stage := range []string{"cause", "unwind", "current stack", "modules", "end line"} {
			t.Run(trouble+"/"+stage, func(t *testing.T) {
				t.Parallel()
				if trouble == "hang" && stage == "end line" {
					t.Skip("the helper ends the process")
				}
				o := run(t, "trouble place=thread format=json deadline=8s trouble="+trouble, victim.Args("stage="+stage))
				var members map[string]any
				if err := json.Unmarshal([]byte(o.Stderr), &members); err != nil {
					t.Fatalf("%v:\n%s", err, o.Stderr)
				}
				if stage == "end line" {
					return
				}
				if _, r := record(t, o.Stderr); members["epitaph.incomplete"] != true || len(r.StageFailures) == 0 {
					t.Errorf("incomplete: %v, failures %v", members["epitaph.incomplete"], r.StageFailures)
				}
			})
		}
	}
}

// TestJSONBesideFile: the file has the text, and standard error the short report's line.
func TestJSONBesideFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := run(t, "crash format=json dir="+dir)
	o.DiedOf(t, syscall.SIGSEGV)
	path, text := onlyFile(t, dir)
	members, r := record(t, o.Stderr)
	isShort(t, r.String(), path, victim.Complete(t, text))
	agrees(t, members, r)
}

// TestJSONInsteadOfFullFile: the text goes on in a record of its own.
func TestJSONInsteadOfFullFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := run(t, "file_size bytes=1000 format=json dir="+dir)
	o.DiedOf(t, syscall.SIGSEGV)
	_, text := onlyFile(t, dir)
	var members map[string]any
	if err := json.Unmarshal([]byte(o.Stderr), &members); err != nil {
		t.Fatalf("%v:\n%s", err, o.Stderr)
	}
	outputFailed(t, text+members["exception.stacktrace"].(string), syscall.EFBIG)
}

// TestJSONForStuckReader: a reader that was too late for most of the line reads a line.
func TestJSONForStuckReader(t *testing.T) {
	t.Parallel()
	r, w := pipe(t, 0)
	c := start(t, "crash format=json deadline=1s", victim.Stderr(w))
	w.Close()
	c.Wait().DiedOf(t, syscall.SIGSEGV)
	text := make([]byte, 1<<16)
	n, err := r.Read(text)
	if err != nil || n == 0 || !strings.HasPrefix(string(text[:n]), `{"timestamp":"`) {
		t.Errorf("%d bytes, %v: %s", n, err, text[:n])
	}
}

// TestJSONDumps: each dump is a line.
func TestJSONDumps(t *testing.T) {
	t.Parallel()
	o := run(t, "json_dumps")
	o.Exited(t, 3)
	lines := strings.SplitAfter(o.Stderr, "\n")
	kinds := []string{"dump", "dump", "timeout", "dump"}
	if len(lines) != len(kinds)+1 {
		t.Fatalf("%d lines:\n%s", len(lines)-1, o.Stderr)
	}
	for i, kind := range kinds {
		members, r := record(t, lines[i])
		agrees(t, members, r)
		if members["epitaph.kind"] != kind || r.End == nil || !r.End.Complete {
			t.Errorf("dump %d is:\n%s", i, lines[i])
		}
	}
}

// TestMaxReports: where there are as many as there may be, the report is on standard error.
func TestMaxReports(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{
		"other-1-2026-11-29T231341.123456Z.crash", "victim-of-1.crash", "victim-1-2026-11-29T231341.123456Z.txt",
		"victims-host-1-2026-11-29T231341.123456Z.crash",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// The report tells which: "victim-of", or "victim" on a host whose name begins with "of-".
	for name, program := range map[string]string{"victim-of": "victim-of", "victim-of-another": "victim"} {
		text := "Fatal error: Aborted\n\nProcess: 1 \"" + program + "\" (/p), thread 1\n"
		if err := os.WriteFile(filepath.Join(dir, name+"-host-1-2026-11-29T231341.123456Za.crash"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const most = 3 // one is there
	for range most + 2 {
		o := run(t, fmt.Sprintf("crash maxreports=%d dir=%s", most, dir))
		o.DiedOf(t, syscall.SIGSEGV)
		if r := victim.Report(t, o.Stderr); r.End.Part == "" {
			hasNote(t, o.Stderr, fmt.Sprintf("no report file was made in %s, which has %d already (WithMaxReports)", dir, most))
		}
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*.crash")); len(files) != 5+most-1 {
		t.Errorf("%d reports, want %d", len(files)-5, most-1)
	}
}
