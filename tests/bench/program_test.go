//go:build linux && amd64 && cgo

package bench_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// programLimit is when a program that the benchmark left behind is killed.
const programLimit = 5 * time.Minute

// A program is a victim that runs until the benchmark ends.
type program struct {
	cmd    *exec.Cmd
	stdout *bufio.Reader
}

func startProgram(b *testing.B, victim string, args ...string) *program {
	b.Helper()
	cmd := exec.Command(victim, args...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	watchdog := time.AfterFunc(programLimit, func() { _ = cmd.Process.Kill() })
	b.Cleanup(func() {
		stdin.Close()
		_, _ = io.Copy(io.Discard, stdout) // nothing more comes
		_ = cmd.Wait()
		watchdog.Stop()
	})
	return &program{cmd, bufio.NewReader(stdout)}
}

// line is what the program says next.
func (p *program) line(b *testing.B) string {
	b.Helper()
	text, err := p.stdout.ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(text)
}

// processorTime is that of all of the program's threads, by the kernel's own
// account in nanoseconds: asking is nothing to the program.
func (p *program) processorTime(b *testing.B) time.Duration {
	b.Helper()
	const schedClock = 2 // CPUCLOCK_SCHED of include/linux/posix-timers_types.h
	return clock(b, int32(^p.cmd.Process.Pid<<3|schedClock))
}

func threadTime(b *testing.B) time.Duration { return clock(b, unix.CLOCK_THREAD_CPUTIME_ID) }

func clock(b *testing.B, id int32) time.Duration {
	b.Helper()
	var ts unix.Timespec
	if err := unix.ClockGettime(id, &ts); err != nil {
		b.Fatal(err)
	}
	return time.Duration(ts.Nano())
}
