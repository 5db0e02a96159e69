//go:build linux && (amd64 || arm64) && cgo

package fields

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// Breadcrumbs have the thread and the goroutine of who left them, in Go, in C that Go has
// called, on a C thread, and in Go that such a thread has called.
func TestWhoLeftABreadcrumb(t *testing.T) {
	o := program.Run(t, "crumbs")
	o.DiedOf(t, syscall.SIGSEGV)
	r := victim.Complete(t, o.Stderr)
	inOrder(t, o.Stderr, "\nBreadcrumbs:\n", "\nCurrent thread ", "\nMemory: ", " threads answered", "\nGoroutines: ")
	var first, second struct {
		thread    int
		goroutine uint64
	}
	var another uint64
	if _, err := fmt.Sscan(o.Stdout, &first.thread, &first.goroutine, &second.thread, &second.goroutine, &another); err != nil {
		t.Fatal(err, o)
	}
	if len(r.Breadcrumbs) != 7 {
		t.Fatalf("%+v", r.Breadcrumbs)
	}
	// The last one's thread is any of Go's.
	for i, want := range []struct {
		text      string
		thread    int
		goroutine uint64
	}{
		{"by Go", first.thread, first.goroutine},
		{"by C (thread 1)", first.thread, first.goroutine},
		{"on a thread of C", second.thread, 0},
		{"called back", second.thread, second.goroutine},
		{"by C (thread 1)", second.thread, second.goroutine},
		{"on a thread of C again", second.thread, 0},
		{"by another", r.Breadcrumbs[6].Thread, another},
	} {
		if c := r.Breadcrumbs[i]; c.Text != want.text || c.Thread != want.thread || c.Thread == 0 || c.Goroutine != want.goroutine {
			t.Errorf("%d: %+v, want %+v", i, c, want)
		}
	}
}

// inOrder wants the parts of a report as they are certain: what may cost the process stands
// behind what it would take along.
func inOrder(t *testing.T, text string, parts ...string) {
	t.Helper()
	at := -1
	for _, part := range parts {
		if i := strings.Index(text, part); i <= at {
			t.Errorf("%q does not stand behind what is before it:\n%s", part, text)
		} else {
			at = i
		}
	}
}
