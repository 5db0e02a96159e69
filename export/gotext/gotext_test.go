package gotext_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/export/gotext"
	"github.com/epitaph-go/epitaph/report"
	"github.com/epitaph-go/epitaph/stackfmt"
)

func read(t testing.TB, path string) *report.Report {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestWrite: the thread that crashed comes first, with its calls in C and Go.
func TestWrite(t *testing.T) {
	var b strings.Builder
	if err := gotext.Write(&b, read(t, "../../report/testdata/segv.crash")); err != nil {
		t.Fatal(err)
	}
	const want = `fatal error: SIGSEGV in clamp (decoder.c:17), called from main.(*Decoder).Next (decode.go:88): write through a NULL pointer + 8

goroutine 0 [running]:
clamp(...)
	native/decoder.c:17
decode_frame(...)
	native/decoder.c:42
foo_run(...)
	??:0
main.(*Decoder).Next(...)
	/srv/ingest/decode.go:88
main.main(...)
	/srv/ingest/main.go:31

goroutine 7 [chan receive, 3 minutes]:
main.(*Pool).wait(...)
	/srv/ingest/pool.go:40
created by main.NewPool in goroutine 1
	/srv/ingest/pool.go:21
`
	if got := b.String(); !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestCrashingGoroutine: the goroutine that called C is shown once, with the calls in C.
func TestCrashingGoroutine(t *testing.T) {
	text := string(gotext.Append(nil, read(t, "../../report/testdata/real-null.crash")))
	if strings.Count(text, "goroutine 1 [") != 1 || !strings.Contains(text, "\n\ngoroutine 1 [running]:\ncrash_null_write(...)\n") {
		t.Error(text)
	}
}

// TestReadBack: package stackfmt reads the text of every report.
func TestReadBack(t *testing.T) {
	paths, _ := filepath.Glob("../../report/testdata/*.crash")
	if len(paths) < 20 {
		t.Fatalf("%d reports", len(paths))
	}
	for _, path := range paths {
		r := read(t, path)
		text := gotext.Append(nil, r)
		// A stack of the scheduler is one without a number.
		want := strings.Count("\n"+string(text), "\ngoroutine ") + strings.Count(string(text), "\nruntime stack:")
		if got := stackfmt.ParseGoroutines(text); len(got.Goroutines) != want {
			t.Errorf("%s: %d goroutines, want %d", path, len(got.Goroutines), want)
		}
	}
}
