//go:build linux && amd64 && cgo

package modtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// A program that has nothing to do with this repository.
const (
	userMod  = "module example.com/user\n\ngo 1.26.0\n"
	userMain = `package main

// static void store(volatile int *at) { *at = 1; }
// static void clamp(void) { store((volatile int *)8); }
import "C"

import (
	"github.com/epitaph-go/epitaph/handler"
	_ "github.com/epitaph-go/epitaph/handler/interpose"
)

func main() {
	if err := handler.Enable(); err != nil {
		panic(err)
	}
	C.clamp()
}
`
)

// readmeGet is the command by which the README has a reader add the module.
func readmeGet(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	get := regexp.MustCompile(`(?m)^go get .*$`).FindString(string(text))
	if get == "" {
		t.Fatal("the README has no command that adds the module")
	}
	return get
}

// A program that gets Epitaph from a proxy and vendors it has all of the core, and a
// complete report. The other modules come from the cache of modules, as a proxy.
func TestVendored(t *testing.T) {
	t.Parallel()
	dir, _ := proxy(t)
	cache := strings.TrimSpace(command(t, ".", nil, "go", "env", "GOMODCACHE"))
	env := []string{
		"GOPROXY=file://" + dir + ",file://" + filepath.Join(cache, "cache/download"),
		"GOSUMDB=off", "GOMODCACHE=" + t.TempDir(), "GOTOOLCHAIN=local", "GOFLAGS=-modcacherw",
	}
	user := t.TempDir()
	write(t, filepath.Join(user, "go.mod"), []byte(userMod))
	write(t, filepath.Join(user, "main.go"), []byte(userMain))
	// The command of the README, which has to bring the sums of all that the program is built from.
	command(t, user, env, "sh", "-c", readmeGet(t))
	command(t, user, env, "go", "mod", "vendor")

	core := filepath.Join(user, "vendor", version.Path, "native")
	for _, file := range sources(t) {
		if in, ok := strings.CutPrefix(file, "native/"); ok && isC(file) {
			if _, err := os.Lstat(filepath.Join(core, in)); err != nil {
				t.Errorf("vendoring dropped %s", file)
			}
		}
	}
	if err := filepath.WalkDir(filepath.Join(user, "vendor"), func(path string, _ fs.DirEntry, err error) error {
		if filepath.Base(path) == "testdata" {
			t.Errorf("vendoring took %s", path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}

	// Without a proxy or a cache there is only what was vendored.
	program := filepath.Join(user, "user")
	command(t, user, []string{"GOPROXY=off", "GOTOOLCHAIN=local", "GOMODCACHE=" + t.TempDir()},
		"go", "build", "-mod=vendor", "-o", program)
	o := victim.Run(t, program, nil)
	o.DiedOf(t, syscall.SIGSEGV)
	r := victim.Complete(t, o.Stderr)
	if frames := r.Threads[0].Frames; len(frames) == 0 || !strings.Contains(o.Stderr, "main._Cfunc_clamp") {
		t.Errorf("the stack is not the program's: %v", o)
	}
}
