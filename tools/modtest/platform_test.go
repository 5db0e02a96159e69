//go:build linux && amd64

package modtest

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// The C compilers for other platforms, as Debian calls them.
var compilers = map[string]string{
	"linux/386":     "i686-linux-gnu-gcc",
	"linux/arm":     "arm-linux-gnueabihf-gcc",
	"linux/arm64":   "aarch64-linux-gnu-gcc",
	"linux/ppc64le": "powerpc64le-linux-gnu-gcc",
	"linux/riscv64": "riscv64-linux-gnu-gcc",
	"linux/s390x":   "s390x-linux-gnu-gcc",
	"windows/amd64": "x86_64-w64-mingw32-gcc",
}

func vet(t *testing.T, platform, tags string, env ...string) {
	os, arch, _ := strings.Cut(platform, "/")
	command(t, root, append(env, "GOOS="+os, "GOARCH="+arch), "go", "vet", "-tags="+tags, "./...")
}

// With cgo, where there is a compiler: the core is left out, and not refused.
func TestVetWithCgo(t *testing.T) {
	for platform, cc := range compilers {
		t.Run(platform, func(t *testing.T) {
			if _, err := exec.LookPath(cc); err != nil {
				t.Skipf("there is no %s", cc)
			}
			cxx, tags := strings.TrimSuffix(cc, "gcc")+"g++", ""
			if _, err := exec.LookPath(cxx); err != nil {
				tags = "nocxx" // as the Makefile does
			}
			vet(t, platform, tags, "CGO_ENABLED=1", "CC="+cc, "CXX="+cxx)
		})
	}
}

// Without cgo, on every platform that this Go knows; make lint has the usual ones.
func TestVetWithoutCgo(t *testing.T) {
	if !victim.Full {
		t.Skip("EPITAPH_MATRIX=full asks for all platforms")
	}
	for _, platform := range strings.Fields(command(t, ".", nil, "go", "tool", "dist", "list")) {
		t.Run(platform, func(t *testing.T) { vet(t, platform, "", "CGO_ENABLED=0") })
	}
}
