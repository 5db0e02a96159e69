//go:build cgo && linux && (amd64 || arm64)

package handler_test

import (
	"expvar"
	"log"
	"testing"

	"github.com/epitaph-go/epitaph/handler"
)

// The peers are what a program would do instead: a line of a log that goes
// nowhere, a variable of expvar that is set.

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

func BenchmarkBreadcrumb(b *testing.B) {
	b.Run("epitaph", func(b *testing.B) {
		for b.Loop() {
			handler.Breadcrumb("frame 91 has 3 planes")
		}
	})
	b.Run("log", func(b *testing.B) {
		logger := log.New(nowhere{}, "", log.LstdFlags|log.Lmicroseconds)
		for b.Loop() {
			logger.Print("frame 91 has 3 planes")
		}
	})
}

func BenchmarkBreadcrumbLong(b *testing.B) {
	text := string(make([]byte, 1000))
	for b.Loop() {
		handler.Breadcrumb(text)
	}
}

func BenchmarkBreadcrumbParallel(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			handler.Breadcrumb("frame 91 has 3 planes")
		}
	})
}

func BenchmarkAnnotate(b *testing.B) {
	b.Run("epitaph", func(b *testing.B) {
		for b.Loop() {
			handler.Annotate("request", "7f3a")
		}
		handler.Annotate("request", "")
	})
	b.Run("expvar", func(b *testing.B) {
		variables := new(expvar.Map)
		value := new(expvar.String)
		for b.Loop() {
			value.Set("7f3a")
			variables.Set("request", value)
		}
	})
}
