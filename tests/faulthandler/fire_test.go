//go:build linux && amd64 && cgo

package faulthandler

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// A real-time signal: the kernel queues each, so that they can be counted. It
// makes one of any number of others.
const queued = syscall.Signal(40)

// queue sends a queued signal as sigqueue(3) does, with patience while the
// receiver's queue is full.
func queue(t *testing.T, pid int) {
	t.Helper()
	info := struct {
		signo, errno, code, _ int32
		pid, uid              int32
		rest                  [104]byte
	}{signo: int32(queued), code: -1, pid: int32(os.Getpid()), uid: int32(os.Getuid())} // SI_QUEUE
	for end := time.Now().Add(20 * time.Second); ; {
		_, _, errno := unix.Syscall(unix.SYS_RT_SIGQUEUEINFO, uintptr(pid), uintptr(queued), uintptr(unsafe.Pointer(&info)))
		if errno == 0 {
			return
		}
		if errno != unix.EAGAIN || time.Now().After(end) {
			t.Fatal(errno)
		}
		time.Sleep(time.Millisecond)
	}
}

const counted = "signal %d came %d more time"

// Signals in numbers, from another process and from threads of its own, to a
// program at work: each is dumped or counted, no dump is torn, and nothing that the
// program does goes wrong.
func TestUnderFire(t *testing.T) {
	signals := 1000
	if victim.Full {
		signals = 10_000
	}
	for name, line := range map[string]string{"all threads": "", "one stack": " all=0", "chained": " all=0 chain=1 notify=1"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "dumps")
			c := program.Start(t, fmt.Sprintf("serve signal=%d raises=%d file=%s%s", queued, signals/2, path, line),
				victim.Talk, victim.Limit(2*time.Minute))
			say := func(want string) {
				if got, err := c.Out.ReadString('\n'); got != want+"\n" {
					t.Fatalf("the victim says %q (%v), want %q", got, err, want)
				}
			}
			say("ready")
			fmt.Fprintln(c.In, "raise")
			for range signals / 2 {
				queue(t, c.Cmd.Process.Pid)
			}
			say("raised")
			c.In.Close()
			say("unregistered: true")
			say("wrong: 0")
			o := c.Wait()
			o.Exited(t, 0)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all := dumps(t, string(text))
			sum := 0
			for _, r := range all {
				sum += 1 + count(t, r, counted)
			}
			if sum != 2*(signals/2) || len(all) < 2 {
				t.Errorf("%d dumps, for %d signals of %d", len(all), sum, 2*(signals/2))
			}
			t.Logf("%d signals, %d dumps, in %v", sum, len(all), o.Elapsed)
		})
	}
}

// A signal that the kernel does not queue: whatever becomes of the many, after the
// last one there is a dump.
func TestLastSignalIsDumped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dumps")
	c := program.Start(t, "serve file="+path, victim.Talk)
	if first, err := c.Out.ReadString('\n'); first != "ready\n" {
		t.Fatalf("the victim says %q (%v)", first, err)
	}
	rounds := 20
	if victim.Full {
		rounds = 200
	}
	seen := int64(0)
	for range rounds {
		for range 50 {
			syscall.Kill(c.Cmd.Process.Pid, syscall.SIGUSR1)
		}
		// They are not dumped before they come: the file grows.
		for end := time.Now().Add(20 * time.Second); ; {
			if info, err := os.Stat(path); err == nil && info.Size() > seen {
				seen = info.Size()
				break
			}
			if time.Now().After(end) {
				t.Fatal("no dump follows the last signal")
			}
			time.Sleep(time.Millisecond)
		}
	}
	c.In.Close()
	c.Wait().Exited(t, 0)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range dumps(t, string(text)) {
		if r.Kind != report.Dump || r.Goroutines == nil || !r.Goroutines.Live {
			t.Errorf("no live goroutines:\n%s", r)
		}
	}
}
