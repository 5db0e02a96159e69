// Package hostinfo finds out where the process runs: the machine, the container, the pod,
// the systemd unit, and the memory cgroup whose limit it will meet.
package hostinfo

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"runtime"
	"strings"

	"github.com/epitaph-go/epitaph/internal/oomkill"
)

// Info is where a process runs; what is not known is empty.
type Info struct {
	Name   string // the host's
	Kernel string // "6.8.0-45-generic"
	CPUs   int    // that the process may run on
	Place
	// Group is the directory of the memory cgroup that has a limit, the innermost one; where
	// there is none, that of the process.
	Group string
}

// Now looks at the calling process.
func Now() Info {
	memberships, _ := os.ReadFile("/proc/self/cgroup")
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	name, _ := os.Hostname()
	return Info{
		Name:   cmp.Or(name, os.Getenv("HOSTNAME")),
		Kernel: strings.TrimSpace(string(kernel)),
		CPUs:   runtime.NumCPU(),
		Place:  PlaceOf(string(memberships), string(mounts)),
		Group:  limited(oomkill.Now().Path),
	}
}

// Facts is the line of a report behind the host's name; libc is "glibc 2.36".
func (i Info) Facts(libc string) string {
	var b strings.Builder
	b.WriteString(runtime.GOOS)
	for _, fact := range [...]struct{ before, text string }{
		{" ", i.Kernel}, {", ", libc}, {", ", cpus(i.CPUs)},
		{", container ", i.Container}, {", pod ", i.Pod}, {", unit ", i.Unit},
	} {
		if fact.text != "" {
			b.WriteString(fact.before + fact.text)
		}
	}
	return b.String()
}

func cpus(n int) string {
	if n == 1 {
		return "1 CPU"
	}
	return fmt.Sprintf("%d CPUs", n)
}

// limited is the innermost cgroup from a directory outwards that has a limit, or else the
// directory itself: a pod may have one where its containers do not.
func limited(group string) string {
	for dir := group; dir != ""; dir = path.Dir(dir) {
		limit, err := os.ReadFile(path.Join(dir, "memory.max"))
		if err != nil {
			limit, err = os.ReadFile(path.Join(dir, "memory.limit_in_bytes"))
		}
		if err != nil { // beyond the root, which has no such file
			break
		}
		// Version 1 says LONG_MAX in whole pages where there is none.
		if text := strings.TrimSpace(string(limit)); text != "max" && len(text) < len("9223372036854771712") {
			return dir
		}
	}
	return group
}
