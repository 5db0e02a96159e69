//go:build linux && (amd64 || arm64) && cgo

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/epitaph-go/epitaph/handler"
)

var errGone = errors.New("disk gone")

func chain() error {
	read := fmt.Errorf("read: %w", &fs.PathError{Op: "open", Path: "/data", Err: errGone})
	return fmt.Errorf("serve: %w", errors.Join(read, errors.New("and more")))
}

func init() {
	note := func(name string, f func()) {
		kinds["note-"+name] = func() {
			defer handler.NotePanic()
			f()
		}
	}
	note("error", func() { deep(func() { panic(chain()) }) })
	note("string", func() { panic("boom") })
	note("number", func() { panic(status(7)) })
	note("custom", func() { panic(struct{ a, b int }{1, 2}) })
	note("nil", func() { _ = *nothing })
	note("faulty", func() { panic(faulty{}) })
	note("long", func() { panic(errors.New(strings.Repeat("é", 20_000))) })
	note("nested", func() {
		defer func() { panic(chain()) }()
		panic("first")
	})
	note("again", func() {
		defer func() { panic(recover()) }()
		panic(chain())
	})
	note("unlock", func() { new(sync.Mutex).Unlock() })
	note("goroutine", func() {
		go func() {
			defer handler.NotePanic()
			panic(chain())
		}()
		<-never
	})
	// A panic that was noted and recovered is none of a later death's.
	recovered := func(value any) {
		func() {
			defer func() { _ = recover() }()
			defer handler.NotePanic()
			panic(value)
		}()
	}
	kinds["noted-then-other"] = func() {
		recovered(chain())
		panic("boom")
	}
	kinds["noted-then-fatal"] = func() {
		recovered(chain())
		new(sync.Mutex).Unlock()
	}
	kinds["noted-elsewhere"] = func() {
		done := make(chan int)
		go func() {
			recovered("boom")
			close(done)
		}()
		<-done
		panic("boom")
	}
	kinds["noted-often"] = func() {
		defer handler.NotePanic()
		for range 100 {
			recovered(errors.New("again and again"))
		}
		panic(chain())
	}
}
