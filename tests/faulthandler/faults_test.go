//go:build linux && (amd64 || arm64) && cgo

package faulthandler

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// Python restores the old handler before it dumps, so that a second thread's fault
// ends the process in the middle.
func TestTwoThreadsFault(t *testing.T) {
	rounds := 5
	if victim.Full {
		rounds = 50
	}
	for range rounds {
		r := died(t, syscall.SIGSEGV, "crash kind=two")
		headline(t, r, "Segmentation fault")
		calls(t, r.Current(), "crash_read_null", "twin")
	}
}

// The output has no reader: the dump is given up at its deadline, and the program goes on.
func TestFullPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	fd := int(w.Fd()) // once: it makes the pipe block
	unix.SetNonblock(fd, true)
	for err = nil; err == nil; {
		_, err = unix.Write(fd, make([]byte, 4096))
	}
	unix.SetNonblock(fd, false)
	for _, line := range []string{"register", "dump"} {
		o := program.Run(t, line+" fd=3 deadline=500", victim.Inherit(w))
		if line == "register" {
			o.Exited(t, 0)
			if o.Stdout != wentOn || o.Stderr != "" {
				t.Error(o)
			}
		} else if o.Exited(t, 9); o.Stderr != "victim: epitaph: Dump to inherited: a part took too long, and was given up\n" {
			t.Error(o)
		}
		if o.Elapsed > 5*time.Second {
			t.Errorf("%s took %v", line, o.Elapsed)
		}
	}
}

// The program has a file of its own where the dump's descriptor was: then standard
// error is the next best.
func TestReusedDescriptor(t *testing.T) {
	dir := t.TempDir()
	own, file := filepath.Join(dir, "own"), filepath.Join(dir, "dump")
	o := survive(t, "reuse all=0 file="+file+" own="+own)
	if o.Stdout != "unregistered: true\n" {
		t.Error(o)
	}
	header(t, dump(t, o.Stderr), report.BareStack)
	for _, path := range []string{own, file} {
		if text, err := os.ReadFile(path); err != nil || len(text) > 0 {
			t.Errorf("%s: %v, %q", filepath.Base(path), err, text)
		}
	}
}

func TestHandlerTakenAway(t *testing.T) {
	o := survive(t, "taken")
	if o.Stdout != "counted: 1\nunregistered: true\ncounted: 1\n" {
		t.Error(o)
	}
	header(t, dump(t, o.Stderr), report.BareStack)
}

func TestFrameLimitIsMarked(t *testing.T) {
	for _, line := range []string{"dump", "register"} {
		r := dump(t, survive(t, line+" all=0 frames=4").Stderr)
		shown, left := 0, 0
		for _, frame := range header(t, r, report.BareStack).Frames {
			if frame.Kind == report.CutFrames {
				left += frame.Count
			} else if !frame.Inlined {
				shown++
			}
		}
		if shown != 4 || left == 0 {
			t.Errorf("%s: %d frames, %d left out:\n%s", line, shown, left, r)
		}
	}
}

// Two processes report to one file at the same time; in Python their lines are
// mixed up, since each word is a write of its own.
func TestReportsInOnePiece(t *testing.T) {
	rounds := 3
	if victim.Full {
		rounds = 30
	}
	for _, test := range []struct {
		name, line string
		signal     syscall.Signal
		reports    int
	}{
		{"two crashes", "twins", syscall.SIGSEGV, 2},
		{"dumps", "twins dumps=10", 0, 20},
	} {
		for _, which := range []string{"a file each has opened", "one open file", "one pipe"} {
			t.Run(test.name+"/"+which, func(t *testing.T) {
				for range rounds {
					reportTogether(t, test.line, which, test.signal, test.reports)
				}
			})
		}
	}
}

func reportTogether(t *testing.T, line, which string, signal syscall.Signal, want int) {
	path := filepath.Join(t.TempDir(), "reports")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text := func() string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	change := []victim.Change{victim.Talk}
	switch which {
	case "a file each has opened":
		line += " file=" + path
	case "one open file":
		change, line = append(change, victim.Inherit(f)), line+" fd=3"
	case "one pipe":
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		change, line = append(change, victim.Inherit(w)), line+" fd=3"
		read := make(chan string)
		go func() {
			var all strings.Builder
			for buf := make([]byte, 1<<16); ; {
				n, err := r.Read(buf)
				all.Write(buf[:n])
				if err != nil {
					read <- all.String()
					return
				}
			}
		}()
		text = func() string { w.Close(); return <-read }
	}
	var ended sync.WaitGroup
	both := [2]*victim.Child{program.Start(t, line, change...), program.Start(t, line, change...)}
	for _, c := range both {
		if first, err := c.Out.ReadString('\n'); first != "ready\n" {
			t.Fatalf("the victim says %q (%v)", first, err)
		}
	}
	for _, c := range both {
		ended.Go(func() { c.In.Close() })
	}
	ended.Wait()
	for _, c := range both {
		if o := c.Wait(); signal != 0 {
			o.DiedOf(t, signal)
		} else {
			o.Exited(t, 0)
		}
	}
	if all := dumps(t, text()); len(all) != want {
		t.Errorf("%d reports, want %d", len(all), want)
	}
}
