package hostinfo_test

import (
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/hostinfo"
)

const (
	id  = "4f1c0d5e9a7b3c2d1e0f4f1c0d5e9a7b3c2d1e0f4f1c0d5e9a7b3c2d1e0f0123"
	uid = "3d7c2b1a-0f9e-4d8c-b7a6-5f4e3d2c1b0a"
)

func TestPlaceOf(t *testing.T) {
	flat := strings.ReplaceAll(uid, "-", "_")
	etc := func(root string) string {
		return "700 650 8:1 " + root + "hostname /etc/hostname rw,relatime - ext4 /dev/sda1 rw\n"
	}
	for name, c := range map[string]struct {
		groups, mounts string
		want           hostinfo.Place
	}{
		"nothing":          {"", "", hostinfo.Place{}},
		"root":             {"0::/\n", "25 30 0:22 / /proc rw - proc proc rw\n", hostinfo.Place{}},
		"docker, v1":       {"12:memory:/docker/" + id + "\n11:cpu:/docker/" + id + "\n0::/system.slice/containerd.service\n", "", hostinfo.Place{Container: id}},
		"docker, systemd":  {"0::/system.slice/docker-" + id + ".scope\n", "", hostinfo.Place{Container: id}},
		"docker, private":  {"0::/\n", etc("/var/lib/docker/containers/" + id + "/"), hostinfo.Place{Container: id}},
		"podman":           {"0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id + ".scope/container\n", "", hostinfo.Place{Container: id}},
		"podman, private":  {"0::/\n", etc("/containers/storage/overlay-containers/" + id + "/userdata/"), hostinfo.Place{Container: id}},
		"kubernetes, v1":   {"5:memory:/kubepods/burstable/pod" + uid + "/" + id + "\n", "", hostinfo.Place{Container: id, Pod: uid}},
		"kubernetes, v2":   {"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + flat + ".slice/cri-containerd-" + id + ".scope\n", "", hostinfo.Place{Container: id, Pod: uid}},
		"containerd's":     {"9:memory:/system.slice/containerd.service/kubepods-pod" + flat + ".slice:cri-containerd:" + id + "\n", "", hostinfo.Place{Container: id, Pod: uid}},
		"static pod":       {"0::/kubepods/pod0123456789abcdef0123456789abcdef/crio-" + id + "\n", "", hostinfo.Place{Container: id, Pod: "0123456789abcdef0123456789abcdef"}},
		"pod, private":     {"0::/\n", etc("/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/"+id+"/") + "701 650 8:1 /var/lib/kubelet/pods/" + uid + "/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw\n", hostinfo.Place{Pod: uid}},
		"cri-o, private":   {"0::/\n", etc("/containers/storage/overlay-containers/"+id+"/userdata/") + "701 650 8:1 /var/lib/kubelet/pods/" + uid + "/containers/app/7 /dev/termination-log rw - ext4 /dev/sda1 rw\n", hostinfo.Place{Pod: uid}},
		"systemd":          {"0::/system.slice/ingest.service\n", "", hostinfo.Place{Unit: "ingest.service"}},
		"systemd, deeper":  {"0::/system.slice/ingest.service/workers\n", "", hostinfo.Place{Unit: "ingest.service"}},
		"lxc":              {"0::/lxc.payload.web-1/system.slice/ingest.service\n", "", hostinfo.Place{Container: "web-1", Unit: "ingest.service"}},
		"a session":        {"0::/user.slice/user-0.slice/session-3.scope\n", "", hostinfo.Place{}},
		"hostile":          {"::::\n:\n0::" + strings.Repeat("/", 5000), "a\n1 2 3\n\x00 \xff 1 2 3 4 5", hostinfo.Place{}},
		"a volume's mount": {"0::/\n", "9 8 8:1 /data/" + id + "/ /srv rw - ext4 /dev/sda1 rw\n", hostinfo.Place{}},
	} {
		if got := hostinfo.PlaceOf(c.groups, c.mounts); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestFacts(t *testing.T) {
	full := hostinfo.Info{Name: "n", Kernel: "6.8.0", CPUs: 8, Place: hostinfo.Place{Container: id, Pod: uid, Unit: "a.service"}}
	if got, want := full.Facts("glibc 2.36"), "linux 6.8.0, glibc 2.36, 8 CPUs, container "+id+", pod "+uid+", unit a.service"; strings.TrimPrefix(got, "linux") != strings.TrimPrefix(want, "linux") {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := (hostinfo.Info{CPUs: 1}).Facts(""); !strings.HasSuffix(got, ", 1 CPU") {
		t.Error(got)
	}
}
