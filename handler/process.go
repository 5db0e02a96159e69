//go:build cgo && linux && amd64

package handler

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// executable is the path of the running program, for the report only.
func executable() string {
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

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

// processStart is when the process began, or now if /proc does not tell.
func processStart() time.Time {
	now := time.Now()
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return now
	}
	// The name in parentheses may hold anything; the fields after it do not.
	// Field 22 is the start since boot, the 20th after the name.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return now
	}
	ticks, err := strconv.ParseUint(string(fields[19]), 10, 64)
	var boot unix.Timespec
	if err != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot) != nil {
		return now
	}
	age := time.Duration(boot.Nano()) - time.Duration(ticks)*(time.Second/userHz)
	return now.Add(-age)
}
