//go:build cgo && linux && amd64

package handler_test

import (
	"testing"

	"github.com/epitaph-go/epitaph/handler"
)

func BenchmarkBreadcrumb(b *testing.B) {
	for b.Loop() {
		handler.Breadcrumb("frame 91 has 3 planes")
	}
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
	for b.Loop() {
		handler.Annotate("request", "7f3a")
	}
	handler.Annotate("request", "")
}
