package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

// collectors is what becomes of a text, the output of a container for instance, in the
// hands of those who collect logs.
var collectors = map[string]func(string) string{
	"as it is":           func(s string) string { return s },
	"docker compose":     func(s string) string { return eachLine(s, "node-1  | ") },
	"without last blank": func(s string) string { return strings.ReplaceAll(eachLine(s, "node-1  | "), "| \n", "|\n") },
	"compose in colour":  func(s string) string { return eachLine(s, "\x1b[36mnode-1  | \x1b[0m") },
	"kubectl --prefix":   func(s string) string { return eachLine(s, "[pod/app-6d4b-x2x/main] ") },
	"journald":           func(s string) string { return eachLine(s, "Nov 28 10:11:12 host app[1234]: ") },
	"journald at midnight": func(s string) string {
		lines := strings.SplitAfter(s, "\n")
		n := min(3, len(lines))
		return eachLine(strings.Join(lines[:n], ""), "Nov 28 23:59:59 host app[1234]: ") + eachLine(strings.Join(lines[n:], ""), "Nov 29 0:00:00 host app[1234]: ")
	},
	"RFC 3339":        func(s string) string { return eachLine(s, "2026-01-02T03:04:05Z ") },
	"a counter":       func(s string) string { return countLines(s, "seq=%d ") },
	"logcat":          func(s string) string { return eachLine(s, "07-04 13:52:59.933 1866-2619/com.example.app E/GoLog: ") },
	"full-width time": func(s string) string { return countLines(s, "[06\uff1a29\uff1a%02d]") },
	"quoted":          func(s string) string { return eachLine(s, "> ") },
	"indented":        func(s string) string { return eachLine(s, "    ") },
	"indented, but for empty lines": func(s string) string {
		return strings.ReplaceAll(eachLine(s, "\t"), "\n\t\n", "\n\n")
	},
	"a test's log": func(s string) string {
		return "    x_test.go:5: " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n        ") + "\n"
	},
	"carriage returns":     func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
	"Kubernetes":           func(s string) string { return cri(s, 0) },
	"Kubernetes in pieces": func(s string) string { return cri(s, 100) },
	"Kubernetes, two streams": func(s string) string {
		return strings.ReplaceAll(cri(s, 50), "\n", "\n2026-01-02T03:04:05.1Z stdout F GET /\n")
	},
	"docker's json-file":           func(s string) string { return jsonLines(s, "log", map[string]any{"stream": "stderr"}) },
	"docker's json-file in pieces": func(s string) string { return jsonLines(s, "log", map[string]any{"stream": "stderr"}) },
	"Fluent Bit": func(s string) string {
		return jsonLines(s, "log", map[string]any{"kubernetes": map[string]any{"pod_name": "a-1"}, "time": "2026-01-02"})
	},
	"journald's JSON": func(s string) string { return jsonLines(s, "MESSAGE", map[string]any{"_PID": "12", "PRIORITY": "3"}) },
	"journald's bytes": func(s string) string { // where it does not take a line for text
		return eachJSON(s, func(line string) any {
			if !strings.Contains(line, "\t") {
				return map[string]any{"MESSAGE": line}
			}
			var bytes []int
			for _, c := range []byte(line) {
				bytes = append(bytes, int(c))
			}
			return map[string]any{"MESSAGE": bytes}
		})
	},
	"go test -json": func(s string) string {
		var b strings.Builder
		for line := range strings.Lines(s) {
			for len(line) > 0 {
				n := min(len(line), 30)
				j, _ := json.Marshal(map[string]any{"Action": "output", "Package": "p", "Test": "T", "Output": line[:n]})
				fmt.Fprintf(&b, "%s\n", j)
				line = line[n:]
			}
		}
		return b.String()
	},
	"a record of slog": func(s string) string {
		return oneJSON(map[string]any{"level": "ERROR", "msg": "child died", "stderr": s})
	},
	"a record of OpenTelemetry": func(s string) string {
		return oneJSON(map[string]any{"resourceLogs": []any{map[string]any{"scopeLogs": []any{map[string]any{"logRecords": []any{
			map[string]any{"body": map[string]any{"stringValue": s}}}}}}}})
	},
	"a string of JSON":       func(s string) string { return oneJSON(s) },
	"a record in Kubernetes": func(s string) string { return cri(oneJSON(map[string]any{"exception.stacktrace": s}), 16<<10) },
	"a record in compose": func(s string) string {
		return eachLine(oneJSON(map[string]any{"exception.stacktrace": s}), "node-1  | ")
	},
}

func eachLine(s, prefix string) string {
	return prefix + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n"+prefix) + "\n"
}

// countLines puts a prefix with a number before each line.
func countLines(s, format string) string {
	var b strings.Builder
	n := 0
	for line := range strings.Lines(s) {
		fmt.Fprintf(&b, format, n%100)
		b.WriteString(line)
		n++
	}
	return b.String()
}

// cri has lines as the container runtimes of Kubernetes write them, in pieces if size is
// not 0.
func cri(s string, size int) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		for size > 0 && len(line) > size {
			fmt.Fprintf(&b, "2026-01-02T03:04:05.123456789Z stderr P %s\n", line[:size])
			line = line[size:]
		}
		fmt.Fprintf(&b, "2026-01-02T03:04:05.123456789Z stderr F %s", line)
	}
	return b.String()
}

func eachJSON(s string, record func(line string) any) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(oneJSON(record(line)))
	}
	return b.String()
}

func jsonLines(s, key string, others map[string]any) string {
	return eachJSON(s, func(line string) any {
		if key != "log" || others["time"] != nil {
			line = strings.TrimSuffix(line, "\n")
		}
		record := maps.Clone(others)
		record[key] = line
		return record
	})
}

func oneJSON(v any) string {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(v); err != nil {
		panic(err)
	}
	return b.String()
}

// TestScannerOfCollectors: a report comes out of every collector's log as it went in.
func TestScannerOfCollectors(t *testing.T) {
	for _, name := range []string{"sentence", "real-null", "real-panic", "real-deadlock", "gopanic", "segv"} {
		text := samples(t)[name]
		for _, before := range []string{"", "starting\n", "progress 34%"} {
			if before == "progress 34%" && parse(t, text).Kind != report.Crash {
				continue
			}
			for collector, wrap := range collectors {
				if before == "progress 34%" && collector == "indented, but for empty lines" {
					continue // nothing tells that the other lines are indented
				}
				whole := before + strings.TrimSuffix(text, "\n") + "\nafter\n"
				got := scanAll(t, report.NewScanner(strings.NewReader(wrap(whole))))
				want := text
				if collector == "carriage returns" {
					want = strings.ReplaceAll(text, "\n", "\r\n")
				}
				if len(got) != 1 || got[0].text != want {
					t.Errorf("%s %q in %s: %d reports", name, before, collector, len(got))
					for _, f := range got {
						t.Log(firstDifference(f.text, want))
					}
				}
			}
		}
	}
}

// TestScannerPieces: docker cuts a line of 16 KiB, and its last piece alone ends with \n.
func TestScannerPieces(t *testing.T) {
	text := "Fatal error: Aborted\n\nNote: " + strings.Repeat("0123456789abcdef", 5000) + "\nNote: b\n"
	var log strings.Builder
	for line := range strings.Lines(text) {
		for len(line) > 16<<10 {
			log.WriteString(oneJSON(map[string]any{"log": line[:16<<10], "stream": "stderr"}))
			line = line[16<<10:]
		}
		log.WriteString(oneJSON(map[string]any{"log": line, "stream": "stderr"}))
	}
	equal(t, "docker", scanAll(t, report.NewScanner(strings.NewReader(log.String()))), []found{{1, text}})
	equal(t, "Kubernetes", scanAll(t, report.NewScanner(strings.NewReader(cri(text, 16<<10)))), []found{{1, text}})
	cut := cri(text, 16<<10)
	got := scanAll(t, report.NewScanner(strings.NewReader(cut[:40<<10])))
	if len(got) != 1 || !strings.HasPrefix(text, got[0].text) || len(got[0].text) < 30<<10 {
		t.Errorf("cut in a piece: %d reports", len(got))
	}
}

// TestScannerSmallPieces: conmon cuts a line wherever it has read, so a report's first line
// may be in any piece of a line of JSON. Pieces may begin and end with a blank.
func TestScannerSmallPieces(t *testing.T) {
	want := samples(t)["real-null"]
	record, err := json.Marshal(map[string]any{"severity_text": "FATAL", "exception.stacktrace": want, "body": "SIGSEGV"})
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1, 7, 40, 64, 100, 511, 2048, 8192} {
		log := "2026-01-02T03:04:05.000000001+00:00 stderr F before\n"
		for rest := string(record); rest != ""; {
			piece, tag := rest[:min(len(rest), size)], "P"
			if rest = rest[len(piece):]; rest == "" {
				tag = "F"
			}
			log += "2026-01-02T03:04:05.000000001+00:00 stderr " + tag + " " + piece + "\n"
		}
		s := report.NewScanner(strings.NewReader(log))
		if !s.Scan() {
			t.Errorf("pieces of %d bytes: no report", size)
			continue
		}
		if got := s.Report(); got.String() != want || !got.Complete() || s.Scan() {
			t.Errorf("pieces of %d bytes: got\n%s", size, got)
		}
	}
}

// TestScannerMixed: two containers crash at one time.
func TestScannerMixed(t *testing.T) {
	a, b := samples(t)["real-null"], samples(t)["real-musl"]
	for name, wrap := range map[string][2]func(string) string{
		"compose": {func(s string) string { return eachLine(s, "node-1  | ") }, func(s string) string { return eachLine(s, "node-2  | ") }},
		"Kubernetes": {func(s string) string { return cri(s, 0) }, func(s string) string {
			return strings.ReplaceAll(cri(s, 0), "stderr F", "stdout F")
		}},
		"JSON": {func(s string) string { return jsonLines(s, "message", map[string]any{"pod": "a"}) },
			func(s string) string { return jsonLines(s, "message", map[string]any{"pod": "b"}) }},
	} {
		one, two := strings.SplitAfter(wrap[0](a), "\n"), strings.SplitAfter(wrap[1](b), "\n")
		var log strings.Builder
		for i := range max(len(one), len(two)) {
			if i < len(one) {
				log.WriteString(one[i])
			}
			if i < len(two) {
				log.WriteString(two[i])
			}
		}
		var got []string
		for _, f := range scanAll(t, report.NewScanner(strings.NewReader(log.String()))) {
			got = append(got, f.text)
		}
		slices.Sort(got)
		want := []string{a, b}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d reports", name, len(got))
		}
	}
}

// TestScannerFatalError: other programs say "Fatal error:" as well. That is no report,
// nor is one ended by it.
func TestScannerFatalError(t *testing.T) {
	text := samples(t)["sentence"]
	log := "Fatal error: exception Not_found\n\nFatal error: disk full\nmore\n" + text + "Fatal error: the end\n"
	equal(t, "around", scanAll(t, report.NewScanner(strings.NewReader(log))), []found{{5, text}})
	inside := strings.Replace(text, "Modules:", "Fatal error: in between\nModules:", 1)
	equal(t, "inside", scanAll(t, report.NewScanner(strings.NewReader(inside))), []found{{1, inside}})
	equal(t, "an unknown title", len(scanAll(t, report.NewScanner(strings.NewReader("Fatal error: Trouble\n\nSignal: SIGX (99)\n")))), 1)
	equal(t, "cut", len(scanAll(t, report.NewScanner(strings.NewReader("Fatal error: Aborted\n")))), 1)
}
