package view

import (
	"strconv"
	"strings"

	"github.com/epitaph-go/epitaph/report"
)

// machineFacts are where the process ran, and what it had left.
func (v *Viewer) machineFacts(put func(name string, parts ...string)) {
	if h := v.r.Host; h != nil {
		cpus := ""
		if h.CPUs > 0 {
			cpus = plural(h.CPUs, "CPU")
		}
		put("Host", h.Name, named("unit", h.Unit), h.OS+" "+h.Kernel, h.Libc, cpus)
		put("Container", h.Container, named("pod", h.Pod))
	}
	m := v.r.Memory
	if m == nil {
		return
	}
	var resident, cgroup, kills, descriptors string
	if m.Resident > 0 {
		resident = mebibytes(m.Resident) + " resident"
		if m.AtMost {
			resident += " at most"
		}
	}
	if c := m.Cgroup; c != nil {
		cgroup = "cgroup " + mebibytes(c.Used)
		if c.Limit > 0 {
			cgroup += " of " + mebibytes(c.Limit)
		}
		if c.OOMKills > 0 {
			kills = plural(int(c.OOMKills), "OOM kill")
		}
	}
	if m.Descriptors > 0 {
		descriptors = strconv.FormatInt(m.Descriptors, 10) + " of " + strconv.FormatInt(m.DescriptorLimit, 10) + " descriptors"
	}
	put("Memory", resident, cgroup, kills)
	threads := ""
	if m.Threads > 0 {
		threads = plural(int(m.Threads), "thread")
	}
	put("Used", threads, descriptors)
}

func named(what, name string) string {
	if name == "" {
		return ""
	}
	return what + " " + name
}

func mebibytes(n int64) string {
	return strings.TrimSuffix(strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64), ".0") + " MiB"
}

// Author says on which thread and goroutine a breadcrumb was left, and whether it is the
// thread that crashed.
func (v *Viewer) Author(c report.Breadcrumb) (text string, crashed bool) {
	if c.Thread == 0 {
		return "", false
	}
	text = "thread " + strconv.Itoa(c.Thread)
	if c.Goroutine != 0 {
		text += ", goroutine " + strconv.FormatUint(c.Goroutine, 10)
	}
	return text, v.r.Kind == report.Crash && v.r.Process != nil && v.r.Process.TID == c.Thread
}
