package report_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// patterns are those of a key in the Collector's configuration.
func patterns(t *testing.T, key string) (all []*regexp.Regexp) {
	t.Helper()
	text, err := os.ReadFile("../docs/collect/otel.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^ *`+key+`: '(.*)'$`).FindAllStringSubmatch(string(text), -1) {
		pattern := m[1]
		if in, ok := strings.CutPrefix(pattern, `body matches "`); ok { // a string in an expression
			pattern = strings.ReplaceAll(strings.TrimSuffix(in, `"`), `\\`, `\`)
		}
		all = append(all, regexp.MustCompile(pattern))
	}
	if len(all) == 0 {
		t.Fatalf("no %s", key)
	}
	return all
}

// TestCollectorPatterns: those of docs/collect/otel.yaml find each report as one record. The
// Collector has Go's regular expressions.
func TestCollectorPatterns(t *testing.T) {
	start, end, parse := patterns(t, "line_start_pattern")[0], patterns(t, "line_end_pattern")[0], patterns(t, "regex")[1]
	if first := patterns(t, "is_first_entry")[0]; first.String() != start.String() {
		t.Errorf("a record of containers begins with %s, one of a file with %s", first, start)
	}
	files, err := filepath.Glob("testdata/*.crash")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	crashes, sentences := 0, 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(content)
		if strings.HasSuffix(file, "newer.crash") {
			continue // a line of the log stands in the middle of it, which cuts it
		}
		if !strings.HasPrefix(text, "Fatal ") || !strings.Contains(text, "\nEnd of report (") || strings.Contains(text, "\r") {
			continue
		}
		crashes++
		starts := 0
		for line := range strings.Lines(text) {
			if start.MatchString(line) {
				starts++
			}
		}
		if ends := end.FindAllStringIndex(text, -1); starts != 1 || len(ends) != 1 || strings.TrimSpace(text[ends[0][1]:]) != "" {
			t.Errorf("%s: %d lines begin a record, %v end it", file, starts, ends)
		}
		if m := parse.FindStringSubmatch(text); m == nil || m[1] == "" {
			t.Errorf("%s: not parsed", file)
		} else if strings.HasPrefix(m[2], "SIGSEGV in ") {
			sentences++
		}
	}
	if crashes < 10 || sentences == 0 {
		t.Errorf("%d crashes, %d sentences", crashes, sentences)
	}
}
