//go:build linux && (amd64 || arm64) && cgo

package regress

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// await waits until the condition holds; the program that it is about is killed
// at its limit, so that it then never will.
func await(t *testing.T, c *victim.Child, what string, condition func() bool) {
	t.Helper()
	for !condition() {
		if time.Since(c.Began) > limit {
			t.Fatalf("no %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// polling are the threads of the program that are in ppoll, with this number of
// descriptors.
func polling(c *victim.Child, descriptors string) map[string]bool {
	found := map[string]bool{}
	tasks, _ := filepath.Glob("/proc/" + itoa(c.Cmd.Process.Pid) + "/task/*/syscall")
	for _, task := range tasks {
		text, _ := os.ReadFile(task)
		// The number of the call and its arguments.
		if f := strings.Fields(string(text)); len(f) > 3 && f[0] == itoa(unix.SYS_PPOLL) && f[2] == descriptors {
			found[task] = true
		}
	}
	return found
}

// tell lets a program go on that waits for it.
func tell(t *testing.T, c *victim.Child) {
	t.Helper()
	if _, err := c.In.Write([]byte("\n")); err != nil {
		t.Fatal(err)
	}
}

// hear reads a line that begins in this way, and returns the rest of it.
func hear(t *testing.T, c *victim.Child, begin string) string {
	t.Helper()
	line, err := c.Out.ReadString('\n')
	rest, ok := strings.CutPrefix(line, begin)
	if !ok {
		t.Fatalf("the program says %q (%v), want %q", line, err, begin)
	}
	return strings.TrimSuffix(rest, "\n")
}

// drain reads in the background; what it got is there once the program and all
// of its children have ended.
func drain(r, w *os.File) (text func() string) {
	w.Close()
	var got bytes.Buffer
	done := make(chan bool)
	go func() {
		io.Copy(&got, r)
		close(done)
	}()
	return func() string {
		<-done
		return got.String()
	}
}

// fill fills a pipe or a terminal.
func fill(t *testing.T, fd int) {
	t.Helper()
	unix.SetNonblock(fd, true)
	for _, size := range []int{4096, 256, 1} {
		for {
			if _, err := unix.Write(fd, make([]byte, size)); err == unix.EAGAIN {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
	unix.SetNonblock(fd, false)
}
