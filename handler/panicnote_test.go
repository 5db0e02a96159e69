package handler_test

import (
	"testing"

	"github.com/epitaph-go/epitaph/handler"
)

func BenchmarkNotePanicWithoutPanic(b *testing.B) {
	if err := handler.Enable(); err != nil {
		b.Skip(err)
	}
	defer handler.Disable()
	for b.Loop() {
		func() {
			defer handler.NotePanic()
		}()
	}
}

func BenchmarkNotePanic(b *testing.B) {
	if err := handler.Enable(); err != nil {
		b.Skip(err)
	}
	defer handler.Disable()
	for b.Loop() {
		func() {
			defer func() { _ = recover() }()
			defer handler.NotePanic()
			panic("boom")
		}()
	}
}
