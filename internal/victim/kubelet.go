//go:build linux

package victim

import (
	"os"
	"testing"
)

// A Kubelet does with the termination log of a container what Kubernetes' does.
type Kubelet struct {
	Path string
	t    testing.TB
}

// NewKubelet makes the log of a container that starts.
func NewKubelet(t testing.TB) *Kubelet {
	t.Helper()
	k := &Kubelet{t.TempDir() + "/termination-log", t}
	f, err := os.OpenFile(k.Path, os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	return k
}

// Limits in pkg/kubelet/container/runtime.go and
// pkg/kubelet/status/status_manager.go.
const (
	mostOfContainer = 4096
	mostOfPod       = 12288
)

// Message is what the status of a pod with so many containers has: the last 4096 bytes of
// the log, and of these the first of the container's share.
func (k *Kubelet) Message(containers int) string {
	k.t.Helper()
	text, err := os.ReadFile(k.Path)
	if err != nil {
		k.t.Fatal(err)
	}
	text = text[max(0, len(text)-mostOfContainer):]
	return string(text[:min(len(text), mostOfPod/containers)])
}
