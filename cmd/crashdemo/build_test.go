//go:build linux && cgo

package main_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// TestBuilds builds crashdemo in the ways in which cgo programs are built and checks a few crashes in each: that C and
// Go start together at all, that the kinds fit the C library, and that what cannot be had says so.
func TestBuilds(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program several times")
	}
	const static = "-ldflags=-linkmode external -extldflags -static"
	for _, b := range []struct {
		name     string
		compiler string // nothing for the usual one
		env      []string
		args     []string
		all      bool // check all kinds in all places
	}{
		{name: "pie", args: []string{"-buildmode=pie"}},
		{name: "stripped", args: []string{"-ldflags=-s -w"}},
		{name: "race", args: []string{"-race"}},
		{name: "nocxx", args: []string{"-tags=nocxx"}},
		{name: "O0", env: []string{"CGO_CFLAGS=-g -O0"}, args: []string{"-tags=nocxx"}},
		{name: "clang", compiler: "clang", args: []string{"-tags=nocxx"}},
		{name: "static-glibc", args: []string{static}},
		{name: "static-musl", compiler: "musl-gcc", args: []string{"-tags=nocxx", static}, all: true},
	} {
		t.Run(b.name, func(t *testing.T) {
			if b.compiler != "" {
				victim.NeedTools(t, b.compiler)
				b.env = []string{"CC=" + b.compiler}
			}
			program := built(b.args...)
			program.Env = append(b.env, "CGO_ENABLED=1")
			if b.all {
				checkPlain(t, program)
				return
			}
			list := tableOf(t, program)
			for _, k := range list.Kinds {
				switch k.Name {
				case "null-write", "double-free", "dlopen-constructor", "cxx-throw", "go-c-go-c":
				default:
					continue
				}
				for _, p := range list.Places[3:] { // callback and thread, which between them have all kinds of border
					o := run(t, program, "run "+k.Name+" -plain -place "+p.Name)
					if k.Name == "dlopen-constructor" && o.IsExit(69) && strings.HasPrefix(b.name, "static") {
						continue
					}
					if k.knownToGo(p) && !o.IsExit(2) || !k.knownToGo(p) && !o.IsDeath(k.number()) {
						t.Errorf("%s in %s: %v", k.Name, p.Name, o)
					}
				}
			}
		})
	}
}

// TestNoCgo checks that the module still builds where crashdemo cannot work.
func TestNoCgo(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program several times")
	}
	for _, target := range []string{"linux/amd64", "linux/arm64", "darwin/arm64", "windows/amd64"} {
		goos, goarch, _ := strings.Cut(target, "/")
		cmd := exec.Command("go", "build", "-o", os.DevNull, "github.com/epitaph-go/epitaph/...")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", target, err, out)
		}
	}
	program := built()
	program.Env = []string{"CGO_ENABLED=0"}
	if o := run(t, program, "list"); !o.IsExit(69) || !strings.Contains(o.Stderr, "needs Linux and cgo") {
		t.Error(o)
	}
}
