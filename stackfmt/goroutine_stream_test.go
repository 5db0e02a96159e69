package stackfmt_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// TestScanGoroutines: a stream yields what the whole text yields, however the
// bytes arrive.
func TestScanGoroutines(t *testing.T) {
	for name, text := range dumps(t) {
		want := stackfmt.ParseGoroutines(text)
		for kind, r := range map[string]io.Reader{"whole": bytes.NewReader(text), "bytes": iotest.OneByteReader(bytes.NewReader(text))} {
			var got []stackfmt.Goroutine
			last := 0
			for p, err := range stackfmt.ScanGoroutines(r) {
				if err != nil {
					t.Fatal(err)
				}
				if p.Goroutine != nil {
					if p.Line <= last {
						t.Errorf("%s: goroutine at line %d after line %d", name, p.Line, last)
					}
					last = p.Line
					got = append(got, *p.Goroutine)
				}
			}
			if !reflect.DeepEqual(got, want.Goroutines) {
				t.Errorf("%s: %s: the stream differs", name, kind)
			}
		}
	}
}

func TestScanGoroutinesErrors(t *testing.T) {
	broken := errors.New("broken")
	r := io.MultiReader(strings.NewReader("goroutine 1 [running]:\nmain.f()\n\tx.go:1\n"), iotest.ErrReader(broken))
	var seen []string
	for p, err := range stackfmt.ScanGoroutines(r) {
		switch {
		case errors.Is(err, broken):
			seen = append(seen, "error")
		case p.Goroutine != nil:
			seen = append(seen, p.Goroutine.Header())
		}
	}
	if want := []string{"goroutine 1 [running]:", "error"}; !reflect.DeepEqual(seen, want) {
		t.Errorf("parts %q, want %q", seen, want)
	}
	for _, err := range stackfmt.ScanGoroutines(nil) {
		if err == nil {
			t.Error("nil reader: no error")
		}
	}
	n := 0
	for range stackfmt.ScanGoroutines(strings.NewReader(strings.Repeat("goroutine 1 [running]:\n\n", 10))) {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("%d parts after a break", n)
	}
}

// endless gives the same text for ever, and fails the test if it is asked for
// more than it should be.
type endless struct {
	text string
	left int
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) {
		c := copy(p[n:], e.text[e.at:])
		n += c
		e.at = (e.at + c) % len(e.text)
	}
	e.left -= n
	return n, nil
}

// TestScanGoroutinesMemory: a stream of many goroutines, of one goroutine with
// endless frames, of one endless line and of endless names needs the same
// memory whatever its length.
func TestScanGoroutinesMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("collects garbage after every few parts of much text")
	}
	const size, limit = 24 << 20, 8 << 20
	for name, e := range map[string]*endless{
		"goroutines": {text: "goroutine 1 [select]:\nmain.f(0x1)\n\t/x.go:1 +0x1\nmain.main()\n\t/x.go:2 +0x1\n\n", left: size},
		"frames":     {text: "main.f(0x1)\n\t/x.go:1 +0x1\n", left: size},
		"line":       {text: "x", left: size},
		"panic":      {text: "\tmore\n", left: size},
	} {
		var r io.Reader = e
		switch name {
		case "frames":
			r = io.MultiReader(strings.NewReader("goroutine 1 [running]:\n"), e)
		case "panic":
			r = io.MultiReader(strings.NewReader("panic: x\n"), e)
		}
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		base := m.HeapAlloc
		peak := uint64(0)
		parts, frames := 0, 0
		for p, err := range stackfmt.ScanGoroutines(r) {
			if err != nil {
				t.Fatal(err)
			}
			if p.Goroutine != nil {
				frames += len(p.Goroutine.Stack)
			}
			if parts++; parts%(1<<14) == 0 || name == "frames" && parts%10 == 0 || name == "line" && parts%50 == 0 {
				runtime.GC()
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			}
		}
		if peak > base+limit {
			t.Errorf("%s: %d MiB in use", name, (peak-base)>>20)
		}
		if parts < 50 {
			t.Errorf("%s: only %d parts", name, parts)
		}
		if name == "frames" && frames < size/26-2 {
			t.Errorf("frames: %d", frames)
		}
	}
}
