//go:build linux && amd64

package modtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"
)

// Users install command epitaph by its path: its module has nothing that go install
// refuses, and what it requires of Epitaph is enough.
func TestInstallCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	// The versions that its go.mod has until a release sets them.
	publish(t, dir, module.Version{Path: version.Path, Version: "v0.0.0"}, copied(t))
	for _, in := range []string{"export/otel", "export/pprof", "export/sentry"} {
		publish(t, dir, module.Version{Path: version.Path + "/" + in, Version: "v0.0.0"}, nested(t, in))
	}
	const in = "cmd/epitaph"
	publish(t, dir, module.Version{Path: version.Path + "/" + in, Version: version.Version}, nested(t, in))

	cache := strings.TrimSpace(command(t, ".", nil, "go", "env", "GOMODCACHE"))
	bin := t.TempDir()
	env := []string{
		"GOPROXY=file://" + dir + ",file://" + filepath.Join(cache, "cache/download"), "GOFLAGS=-modcacherw",
		"GOSUMDB=off", "GOMODCACHE=" + t.TempDir(), "GOTOOLCHAIN=local", "GOBIN=" + bin, "CGO_ENABLED=0",
	}
	command(t, bin, env, "go", "install", version.Path+"/"+in+"@"+version.Version)
	if help := command(t, bin, nil, filepath.Join(bin, "epitaph"), "index", "-h"); !strings.HasPrefix(help, "Usage: epitaph index") {
		t.Errorf("it says %q", help)
	}
}

// nested returns a copy of a module inside this repository, as git has it.
func nested(t *testing.T, in string) string {
	t.Helper()
	own := t.TempDir()
	for file := range strings.SplitSeq(command(t, filepath.Join(root, in), nil, "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"), "\x00") {
		if file == "" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(root, in, file))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(own, file), data)
	}
	return own
}
