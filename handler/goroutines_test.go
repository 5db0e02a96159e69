//go:build cgo && linux && (amd64 || arm64)

package handler_test

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

// own returns the functions of the engine's that goroutines were started with.
func own() (functions []string) {
	const engine = "github.com/epitaph-go/epitaph/internal/engine."
	buf := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		lines := slices.Collect(strings.Lines(stack))
		for _, line := range slices.Backward(lines) {
			function, ours := strings.CutPrefix(line, engine)
			if ours {
				functions = append(functions, function[:strings.LastIndexByte(function, '(')])
				break // the outermost one, and not what waits inside it
			}
		}
	}
	slices.Sort(functions)
	return functions
}

// The goroutine that the comment of Enable names, and no other for more than a moment:
// goleak, too, looks again for a while.
func TestGoroutines(t *testing.T) {
	wait := func(want ...string) {
		t.Helper()
		var got []string
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
			if got = own(); slices.Equal(got, want) {
				return
			}
		}
		t.Errorf("goroutines %v, want %v", got, want)
	}
	if err := handler.Enable(); err != nil {
		t.Fatal(err)
	}
	defer handler.Disable()
	if err := handler.Ready(context.Background()); err != nil {
		t.Fatal(err)
	}
	wait("(*responder).sleep")
	handler.Disable()
	wait()
}

// TestIdleCalls: a program that does nothing has three calls of C a second from Epitaph,
// however many modules it has. Before, it had three for each module.
func TestIdleCalls(t *testing.T) {
	if err := handler.Enable(); err != nil {
		t.Fatal(err)
	}
	defer handler.Disable()
	if err := handler.Ready(context.Background()); err != nil {
		t.Fatal(err)
	}
	began, before := time.Now(), runtime.NumCgoCall()
	time.Sleep(2 * time.Second)
	calls := runtime.NumCgoCall() - before
	if most := int64(4*time.Since(began)/time.Second) + 4; calls > most {
		t.Errorf("%d calls of C in %v, want %d at most", calls, time.Since(began), most)
	}
}
