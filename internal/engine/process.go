//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/internal/procstat"
)

// buildLine says which build of the program this is: the Go release, and from
// the build information the main module with its version and revision.
func buildLine() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b.String()
	}
	if info.Main.Path != "" {
		fmt.Fprintf(&b, ", %s", info.Main.Path)
		if info.Main.Version != "" {
			fmt.Fprintf(&b, " %s", info.Main.Version)
		}
	}
	var revision, modified string
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				modified = ", modified"
			}
		}
	}
	if revision != "" {
		fmt.Fprintf(&b, " (revision %s%s)", revision, modified)
	}
	return b.String()
}

// userHz is the unit of the times in /proc/PID/stat: USER_HZ, which is 100 on
// every architecture that Go runs on (proc(5)).
const userHz = 100

// startTicks is when the process began, in units of 1/userHz s since the machine
// did, or 0 if /proc does not tell.
func startTicks() uint64 {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0
	}
	return procstat.StartTicks(stat)
}

// processStart is when the process began, or now if /proc does not tell.
func processStart() time.Time {
	now := time.Now()
	ticks := startTicks()
	var boot unix.Timespec
	if ticks == 0 || unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot) != nil {
		return now
	}
	age := time.Duration(boot.Nano()) - time.Duration(ticks)*(time.Second/userHz)
	return now.Add(-age)
}
