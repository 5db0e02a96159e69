package dec

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/crashtest"
)

// runs is how often to do it; 0 by default.
func runs(t *testing.T) int {
	n, _ := strconv.Atoi(os.Getenv("DEC_RUNS"))
	if n == 0 {
		t.Skip("DEC_RUNS is not set")
	}
	return n
}

// A benchmark cannot be: Run needs a test. This compares a crash by Run with a start of
// the same binary by package exec, in turn.
func TestOverhead(t *testing.T) {
	var run, plain, runCPU, plainCPU []time.Duration
	for range runs(t) {
		t.Run("run", func(t *testing.T) {
			began, cpu := time.Now(), processorTime()
			crashtest.Run(t, decode("n")).Want("SIGSEGV\ncopy_plane\n...")
			run, runCPU = append(run, time.Since(began)), append(runCPU, processorTime()-cpu)
		})
		if crashtest.Child() {
			continue // on the way to another run
		}
		began, cpu := time.Now(), processorTime()
		exec.Command(os.Args[0], "-test.run=^$").Run()
		plain, plainCPU = append(plain, time.Since(began)), append(plainCPU, processorTime()-cpu)
	}
	for _, d := range [][]time.Duration{run, plain, runCPU, plainCPU} {
		slices.Sort(d)
	}
	middle := len(run) / 2
	figures := func(run, plain time.Duration) string {
		return fmt.Sprintf("%d µs (Run %d µs, exec %d µs)", (run - plain).Microseconds(), run.Microseconds(), plain.Microseconds())
	}
	t.Logf("overhead: least %s, median %s, of processor time %s",
		figures(run[0], plain[0]), figures(run[middle], plain[middle]), figures(runCPU[middle], plainCPU[middle]))
}

// processorTime is that of this process and of those that it has waited for.
func processorTime() (sum time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var usage syscall.Rusage
		syscall.Getrusage(who, &usage)
		sum += time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	return sum
}

// TestManyTimes looks for what happens rarely, in turn with all ends.
func TestManyTimes(t *testing.T) {
	ends := []struct{ frame, want string }{
		{"n", "SIGSEGV\ncopy_plane\ndecode_frame\ndec.Decode\n..."}, {"d", "SIGABRT: free\ndrop_frame\n..."},
		{"x", "ok"}, {"g", "panic: a frame\nDecode\n..."}, {"m", "SIGSEGV\nmemset\nclear_plane\n..."},
	}
	for i := range runs(t) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			end := ends[i%len(ends)]
			crashtest.Run(t, decode(end.frame), crashtest.WithTimeout(time.Minute)).Want(end.want)
		})
	}
}
