// Package gotext_test reads what package gotext writes with a tool for Go's own output.
package gotext_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/maruel/panicparse/v2/stack"

	"github.com/epitaph-go/epitaph/export/gotext"
	"github.com/epitaph-go/epitaph/report"
)

// TestGoTextPanicparse: a tool for Go's own output reads every goroutine and call of the
// text that a report is exported to.
func TestGoTextPanicparse(t *testing.T) {
	paths, err := filepath.Glob("../../../report/testdata/*.crash")
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d reports, %v", len(paths), err)
	}
	for _, path := range paths {
		in, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := report.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		text := gotext.Append(nil, r)
		headers := bytes.Count(text, []byte("\ngoroutine "))
		if headers == 0 {
			continue
		}
		s, _, err := stack.ScanSnapshot(bytes.NewReader(text), io.Discard, stack.DefaultOpts())
		if err != nil && err != io.EOF {
			t.Fatalf("%s: %v\n%s", path, err, text)
		}
		if s == nil || len(s.Goroutines) != headers {
			t.Fatalf("%s: %d goroutines wanted\n%s", path, headers, text)
		}
		if r.GoText == nil && len(s.Goroutines[0].Stack.Calls) == 0 {
			t.Errorf("%s: no calls of the first", path)
		}
	}
}
