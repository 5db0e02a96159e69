package stackfmt_test

import (
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// atDepth calls f below n calls of its own.
//
//go:noinline
func atDepth(n int, f func()) {
	if n > 1 {
		atDepth(n-1, f)
		return
	}
	f()
}

// mixedStack has depth different frames, half of them in this package's files.
func mixedStack(depth int) stackfmt.Stack {
	var s stackfmt.Stack
	atDepth(2, func() { s = stackfmt.ExtractStack() })
	base := s
	for len(s) < depth {
		s = append(s, base[len(s)%len(base)])
		s[len(s)-1].Line += len(s) / len(base)
	}
	return s[:depth]
}

func BenchmarkAppend(b *testing.B) {
	s := mixedStack(50)
	bench := func(name string, opts ...stackfmt.PrintOption) {
		b.Run(name, func(b *testing.B) {
			dst := s.Append(nil, opts...)
			b.ReportAllocs()
			b.SetBytes(int64(len(dst)))
			for b.Loop() {
				dst = s.Append(dst[:0], opts...)
			}
		})
	}
	bench("frames", stackfmt.WithLookupLines(false))
	bench("source", stackfmt.WithCarets(false))
	bench("carets")
	bench("go", stackfmt.WithStyle(stackfmt.StyleGo))
	b.Run("strings", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = s.Format(stackfmt.WithLookupLines(false))
		}
	})
}

func BenchmarkExtractStack(b *testing.B) {
	for _, depth := range []int{10, 50} {
		b.Run(map[int]string{10: "depth10", 50: "depth50"}[depth], func(b *testing.B) {
			atDepth(depth, func() {
				b.ReportAllocs()
				for b.Loop() {
					_ = stackfmt.ExtractStack()
				}
			})
		})
	}
}

func BenchmarkVectors(b *testing.B) {
	cases := loadVectors(b).Cases
	b.ReportAllocs()
	for b.Loop() {
		for i := range cases {
			_ = cases[i].appended()
		}
	}
}
