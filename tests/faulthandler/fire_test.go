//go:build linux && (amd64 || arm64) && cgo

package faulthandler

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
	for _, test := range []struct {
		name, line string
		raises     int // on its own threads
	}{
		{"all threads", "", signals / 2},
		{"one stack", " all=0", signals / 2},
		{"chained", " all=0 chain=1 notify=1", signals / 2},
		// Go dies of one without a channel on a C thread, so there is none.
		{"chained, without a handler", " all=0 chain=1 pure=1", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "dumps")
			c := program.Start(t, fmt.Sprintf("serve signal=%d raises=%d file=%s%s", queued, test.raises, path, test.line),
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
			// What is on its way when Unregister comes is Go's again.
			want := signals/2 + test.raises
			for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
				if _, sum := accounted(t, path); sum >= want {
					break
				}
			}
			c.In.Close()
			say("unregistered: true")
			say("wrong: 0")
			o := c.Wait()
			o.Exited(t, 0)
			all, sum := accounted(t, path)
			if sum != want || len(all) < 2 {
				t.Errorf("%d dumps, for %d signals of %d", len(all), sum, want)
			}
			t.Logf("%d signals, %d dumps, in %v", sum, len(all), o.Elapsed)
		})
	}
}

// accounted are the dumps in a file, but for one that is being written, and the
// signals that they are of.
func accounted(t *testing.T, path string) (all []*report.Report, signals int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const end = "\nEnd of report ("
	if last := strings.LastIndex(string(text), end); last < 0 {
		return nil, 0
	} else if rest := strings.IndexByte(string(text[last+1:]), '\n'); rest < 0 {
		return nil, 0
	} else {
		text = text[:last+1+rest+1]
	}
	for _, r := range dumps(t, string(text)) {
		all = append(all, r)
		signals += 1 + count(t, r, counted)
	}
	return all, signals
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
