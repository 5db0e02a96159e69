package hostinfo

import (
	"regexp"
	"strings"
)

// A Place is what the kernel's files say of who has started a process, by the names that
// container runtimes and systemd give to cgroups and mounts.
type Place struct {
	Container string // the id, 64 hexadecimal digits; of LXC, the name
	Pod       string // the UID of Kubernetes' pod
	Unit      string // of systemd, "ingest.service"; of a container's own processes it is the runtime's, and left out
}

var (
	containerID = regexp.MustCompile(`^(?:.*-)?([0-9a-f]{64})$`)
	// systemd's names of slices have _ for -; the pods of a kubelet's own files have the
	// hash of the file.
	podUID = regexp.MustCompile(`^(?:.*-)?pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})$`)
	lxc    = regexp.MustCompile(`^lxc\.payload\.(.+)$`)

	mountedPod       = regexp.MustCompile(`/pods/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32})/`)
	mountedContainer = regexp.MustCompile(`/([0-9a-f]{64})/`)
)

// PlaceOf reads /proc/self/cgroup and /proc/self/mountinfo. A container with a cgroup
// namespace of its own sees "/" in the first; there the files that its runtime has mounted
// over /etc tell.
func PlaceOf(memberships, mounts string) Place {
	var p Place
	for line := range strings.Lines(memberships) {
		if fields := strings.SplitN(strings.TrimSpace(line), ":", 3); len(fields) == 3 {
			p.ofGroup(fields[2])
		}
	}
	if p.Container == "" || p.Pod == "" {
		p.ofMounts(mounts)
	}
	if containerID.MatchString(p.Container) {
		p.Unit = ""
	}
	return p
}

// ofGroup looks at the path of a cgroup, from its innermost part outwards.
func (p *Place) ofGroup(path string) {
	// containerd with systemd's cgroups of version 1: "SLICE:cri-containerd:ID".
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == ':' })
	for i := len(parts) - 1; i >= 0; i-- {
		name := strings.TrimSuffix(strings.TrimSuffix(parts[i], ".scope"), ".slice")
		if m := containerID.FindStringSubmatch(name); m != nil && p.Container == "" {
			p.Container = m[1]
		}
		if m := lxc.FindStringSubmatch(name); m != nil && p.Container == "" {
			p.Container = m[1]
		}
		if m := podUID.FindStringSubmatch(name); m != nil && p.Pod == "" {
			p.Pod = strings.ReplaceAll(m[1], "_", "-")
		}
		if strings.HasSuffix(name, ".service") && p.Unit == "" {
			p.Unit = name
		}
	}
}

// ofMounts looks where the files come from that a runtime mounts for a container. In a pod
// those in /etc are the pod's, in the directory of a container that does nothing: only the
// pod's UID is taken.
func (p *Place) ofMounts(mounts string) {
	container := ""
	for line := range strings.Lines(mounts) {
		fields := strings.Fields(line)
		if len(fields) < 5 { // ID, parent, device, root, mount point
			continue
		}
		root, at := fields[3], fields[4]
		if m := mountedPod.FindStringSubmatch(root); m != nil && p.Pod == "" {
			p.Pod = m[1]
		}
		switch at {
		case "/etc/hostname", "/etc/hosts", "/etc/resolv.conf":
			if m := mountedContainer.FindStringSubmatch(root); m != nil && container == "" && !strings.Contains(root, "/sandboxes/") {
				container = m[1]
			}
		}
	}
	if p.Container == "" && p.Pod == "" {
		p.Container = container
	}
}
