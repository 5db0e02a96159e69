package peers_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/DataDog/gostackparse"
	cockroach "github.com/cockroachdb/errors"
	goerrors "github.com/go-errors/errors"
	"github.com/maruel/panicparse/v2/stack"
	"github.com/rotisserie/eris"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// deep calls f n calls below.
//
//go:noinline
func deep(n int, f func()) {
	if n == 0 {
		f()
		return
	}
	deep(n-1, f)
}

var sink error

// BenchmarkCapture makes an error with a stack, at two depths.
func BenchmarkCapture(b *testing.B) {
	base := errors.New("broken")
	for _, depth := range []int{10, 50} {
		for _, lib := range libraries {
			b.Run(fmt.Sprintf("depth=%d/%s", depth, lib.name), func(b *testing.B) {
				b.ReportAllocs()
				deep(depth, func() {
					for b.Loop() {
						if lib.name == "stackfmt" {
							sink = stackfmt.Wrap(base, "outer")
						} else {
							sink = lib.make("broken")
						}
					}
				})
			})
		}
		b.Run(fmt.Sprintf("depth=%d/runtime.Callers", depth), func(b *testing.B) {
			b.ReportAllocs()
			deep(depth, func() {
				var pcs [64]uintptr
				for b.Loop() {
					runtime.Callers(1, pcs[:])
				}
			})
		})
		b.Run(fmt.Sprintf("depth=%d/debug.Stack", depth), func(b *testing.B) {
			b.ReportAllocs()
			deep(depth, func() {
				for b.Loop() {
					debug.Stack()
				}
			})
		})
	}
}

// formats are the ways in which the libraries print an error with its stack.
var formats = map[string]func(error) int{
	"pkg/errors":         func(err error) int { return len(fmt.Sprintf("%+v", err)) },
	"cockroachdb/errors": func(err error) int { return len(fmt.Sprintf("%+v", cockroach.Formattable(err))) },
	"go-errors":          func(err error) int { return len(err.(*goerrors.Error).ErrorStack()) },
	"eris":               func(err error) int { return len(eris.ToString(err, true)) },
	"oops":               func(err error) int { return len(fmt.Sprintf("%+v", err)) },
	"tozd":               func(err error) int { return len(fmt.Sprintf("%+v", err)) },
}

// BenchmarkFormat prints an error that was made 50 calls deep: without source
// lines, as the libraries print it, and with them.
func BenchmarkFormat(b *testing.B) {
	for _, lib := range libraries {
		var err error
		deep(50, func() { err = lib.make("broken") })
		if format, ok := formats[lib.name]; ok {
			b.Run(lib.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					format(err)
				}
			})
			continue
		}
		dst := make([]byte, 0, 64<<10)
		for _, v := range []struct {
			name string
			opts []stackfmt.Option
		}{
			{"stackfmt", []stackfmt.Option{stackfmt.WithLookupLines(false), stackfmt.WithRecursion(0)}},
			{"stackfmt-go-style", []stackfmt.Option{stackfmt.WithStyle(stackfmt.StyleGo)}},
			{"stackfmt-with-source", []stackfmt.Option{stackfmt.WithCarets(false), stackfmt.WithRecursion(0)}},
			{"stackfmt-with-carets", []stackfmt.Option{stackfmt.WithRecursion(0)}},
		} {
			b.Run(v.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					dst = stackfmt.AppendError(dst[:0], err, v.opts...)
				}
			})
		}
		tb := stackfmt.FromError(err)
		b.Run("stackfmt-formatting-only", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				dst = tb.Append(dst[:0], stackfmt.WithLookupLines(false), stackfmt.WithRecursion(0))
			}
		})
	}
	b.Run("debug.Stack", func(b *testing.B) {
		b.ReportAllocs()
		deep(50, func() {
			for b.Loop() {
				debug.Stack()
			}
		})
	})
}

// dumpOf returns what runtime.Stack prints with n further goroutines.
func dumpOf(tb testing.TB, n int) []byte {
	stop := make(chan struct{})
	tb.Cleanup(func() { close(stop) })
	for range n {
		go deep(10, func() { <-stop })
	}
	buf := make([]byte, 64<<20)
	for deadline := time.Now().Add(time.Minute); ; {
		text := buf[:runtime.Stack(buf, true)]
		if bytes.Count(text, []byte(" [chan receive]:")) >= n || time.Now().After(deadline) {
			return text
		}
		runtime.Gosched()
	}
}

// BenchmarkParse reads a dump of 1000 goroutines.
func BenchmarkParse(b *testing.B) { benchmarkParse(b, dumpOf(b, 1000)) }

// BenchmarkParseRepeated reads one dump 50 times in one text.
func BenchmarkParseRepeated(b *testing.B) { benchmarkParse(b, repeated(dumpOf(b, 20))) }

func repeated(text []byte) []byte {
	return bytes.Repeat(append(bytes.TrimRight(text, "\n"), "\n\n"...), 50)
}

// BenchmarkParseDistinct reads one in which no two goroutines have the same stack.
func BenchmarkParseDistinct(b *testing.B) { benchmarkParse(b, distinct(dumpOf(b, 1000))) }

// distinct gives each call of a dump an argument of its own.
func distinct(text []byte) []byte {
	parts := bytes.Split(text, []byte("(0x"))
	for i := range parts[1:] {
		parts[i] = fmt.Appendf(parts[i], "(0xc%09x, 0x", i)
	}
	return bytes.Join(parts, nil)
}

func benchmarkParse(b *testing.B, text []byte) {
	want := bytes.Count(text, []byte("\n\ngoroutine ")) + 1
	b.Run("stackfmt", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if d := stackfmt.ParseGoroutines(text); len(d.Goroutines) != want || d.Unknown != nil {
				b.Fatalf("%d goroutines, %d unknown lines", len(d.Goroutines), len(d.Unknown))
			}
		}
	})
	b.Run("stackfmt-stream", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			n := 0
			for p := range stackfmt.ScanGoroutines(bytes.NewReader(text)) {
				if p.Goroutine != nil {
					n++
				}
			}
			if n != want {
				b.Fatalf("%d goroutines", n)
			}
		}
	})
	b.Run("gostackparse", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if gs, errs := gostackparse.Parse(bytes.NewReader(text)); len(gs) != want || errs != nil {
				b.Fatal(len(gs), errs)
			}
		}
	})
	b.Run("panicparse", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		opts := stack.DefaultOpts()
		opts.GuessPaths, opts.AnalyzeSources, opts.NameArguments = false, false, false
		for b.Loop() {
			s, _, err := stack.ScanSnapshot(bytes.NewReader(text), io.Discard, opts)
			if err != nil && err != io.EOF || s == nil || len(s.Goroutines) != want {
				b.Fatal(err)
			}
		}
	})
}

// python formats a traceback of 50 calls as often as it is told, and prints the
// nanoseconds of one.
const python = `
import sys, time, traceback
src = "".join("def f%d():\n    return f%d()\n" % (i, i + 1) for i in range(50)) + "def f50():\n    raise ValueError('broken')\n"
import tempfile, os
d = tempfile.mkdtemp()
p = os.path.join(d, "deep.py")
open(p, "w").write(src)
ns = {}
exec(compile(src, p, "exec"), ns)
try:
    ns["f0"]()
except ValueError as e:
    err = e
traceback.format_exception(err)
n = int(sys.argv[1])
t = time.perf_counter_ns()
for _ in range(n):
    traceback.format_exception(err)
print((time.perf_counter_ns() - t) // n)
os.remove(p); os.rmdir(d)
`

// BenchmarkPython has CPython's traceback format a stack of 50 calls, with source
// lines and carets.
func BenchmarkPython(b *testing.B) {
	exe, err := exec.LookPath("python3")
	if err != nil {
		b.Skip("no python3")
	}
	for b.Loop() {
		out, err := exec.Command(exe, "-c", python, "200").Output()
		if err != nil {
			b.Skip(err)
		}
		ns, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(ns, "ns/format")
	}
}
