// Package oomkill counts the processes that the kernel's OOM killer has killed, on the
// machine and in a memory cgroup. Two counts, one from before a process was killed and one
// from after it, tell whether it can have been the OOM killer.
package oomkill

import (
	"bytes"
	"os"
	"path"
	"strconv"
	"strings"
)

// Counts are those of one moment; -1 is not known.
type Counts struct {
	Machine int64 // /proc/vmstat, of the whole machine, inside a container too
	Group   int64 // of the cgroup, and for version 2 of those in it
	Path    string
	Inode   uint64 // of the cgroup's directory, or a later one of the same name would be taken for it
}

// Unknown is no count at all.
var Unknown = Counts{Machine: -1, Group: -1}

// A Verdict says whether the OOM killer has killed a process between two counts.
type Verdict int

// Perhaps: a process of the machine, and it is not known of which cgroup.
const (
	CannotTell Verdict = iota
	No
	Perhaps
	Yes
)

// Now counts for the calling process.
func Now() Counts {
	memberships, _ := os.ReadFile("/proc/self/cgroup")
	return at(group(string(memberships)))
}

// Since compares c with what the same counters say now.
func (c Counts) Since() Verdict {
	now := at(c.Path)
	switch {
	case c.Machine < 0 || now.Machine < 0:
		return CannotTell
	case now.Machine <= c.Machine:
		return No
	case c.Group >= 0 && now.Group >= 0 && now.Inode == c.Inode:
		if now.Group > c.Group {
			return Yes
		}
		return No
	}
	return Perhaps
}

// groups is where the cgroups are mounted.
const groups = "/sys/fs/cgroup"

// at reads the counters of now. The group may come from a file that another program wrote.
func at(group string) Counts {
	if path.Clean(group) != group || group != groups && !strings.HasPrefix(group, groups+"/") {
		group = ""
	}
	c := Counts{Machine: count("/proc/vmstat", "oom_kill"), Group: -1, Path: group}
	if group == "" {
		return c
	}
	c.Group = count(path.Join(group, "memory.events"), "oom_kill") // version 2
	if c.Group < 0 {
		c.Group = count(path.Join(group, "memory.oom_control"), "oom_kill") // version 1
	}
	if c.Group >= 0 {
		c.Inode = inode(group)
	}
	return c
}

// group returns the directory of the memory cgroup, from the lines of /proc/self/cgroup;
// empty if there is none that is seen here, as in a container that has the host's paths.
func group(memberships string) string {
	const root = groups
	for line := range strings.Lines(memberships) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) < 3 {
			continue
		}
		var dirs []string
		switch {
		case fields[1] == "memory": // a container may see its own as the root of this tree
			dirs = []string{path.Join(root, "memory", fields[2]), path.Join(root, "memory")}
		case fields[0] == "0" && fields[1] == "":
			dirs = []string{path.Join(root, fields[2]), path.Join(root, "unified", fields[2])}
		}
		for _, dir := range dirs {
			for _, file := range []string{"memory.events", "memory.oom_control"} {
				if _, err := os.Stat(path.Join(dir, file)); err == nil {
					return dir
				}
			}
		}
	}
	return ""
}

// count is the number behind a word at the beginning of a line; -1 if there is none.
func count(file, word string) int64 {
	text, err := os.ReadFile(file)
	if err != nil {
		return -1
	}
	for line := range bytes.Lines(text) {
		name, number, found := strings.Cut(strings.TrimSpace(string(line)), " ")
		if !found || name != word {
			continue
		}
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			return n
		}
	}
	return -1
}
