//go:build linux && amd64

package modtest

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"

	"github.com/epitaph-go/epitaph/internal/victim"
)

const root = "../.." // of the repository

var version = module.Version{Path: "github.com/epitaph-go/epitaph", Version: "v0.0.1"}

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

// command runs a program in a directory, and gives what it prints. The go command
// does as in a module of its own, far from this repository.
func command(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GOWORK=off", "GOFLAGS=")
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	return string(out)
}

// sources lists the files of the working tree, without those of other modules.
func sources(t *testing.T) []string {
	t.Helper()
	list := strings.Split(command(t, root, nil, "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"), "\x00")
	modules := map[string]bool{}
	for _, file := range list {
		if dir, name := path.Split(file); name == "go.mod" && dir != "" {
			modules[dir] = true
		}
	}
	var own []string
	for _, file := range list {
		inside := file == ""
		for dir := range modules {
			inside = inside || strings.HasPrefix(file, dir)
		}
		if _, err := os.Lstat(filepath.Join(root, file)); err == nil && !inside {
			own = append(own, file)
		}
	}
	return own
}

// copied copies the module into a directory of its own.
func copied(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, file := range sources(t) {
		data, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, file), data)
	}
	return dir
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// isC tells whether a file is one that cgo compiles or includes.
func isC(file string) bool {
	switch filepath.Ext(file) {
	case ".c", ".h", ".cc", ".cpp", ".S", ".s":
		return true
	}
	return false
}

// proxy makes a module proxy's directory, which has the module alone, and gives the
// zip's path.
func proxy(t *testing.T) (dir, zip string) {
	t.Helper()
	from := copied(t)
	dir = t.TempDir()
	return dir, publish(t, dir, version, from)
}

// publish adds the version of a module, whose files are in a directory, to a proxy's.
func publish(t *testing.T, dir string, v module.Version, from string) (zip string) {
	t.Helper()
	at := filepath.Join(dir, v.Path, "@v")
	mod, err := os.ReadFile(filepath.Join(from, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(at, "list"), []byte(v.Version+"\n"))
	write(t, filepath.Join(at, v.Version+".info"), []byte(`{"Version": "`+v.Version+`"}`))
	write(t, filepath.Join(at, v.Version+".mod"), mod)
	var out bytes.Buffer
	if err := modzip.CreateFromDir(&out, v, from); err != nil {
		t.Fatal(err)
	}
	zip = filepath.Join(at, v.Version+".zip")
	write(t, zip, out.Bytes())
	return zip
}

// What a proxy hands out has all of the C, and all that Go embeds.
func TestZip(t *testing.T) {
	_, path := proxy(t)
	reader, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	there := map[string]bool{}
	for _, f := range reader.File {
		there[strings.TrimPrefix(f.Name, version.String()+"/")] = true
	}
	count := 0
	for _, file := range sources(t) {
		if isC(file) {
			count++
			if !there[file] {
				t.Errorf("the zip has no %s", file)
			}
		}
	}
	if count < 100 {
		t.Errorf("looked for %d C files only", count)
	}
	for _, nested := range []string{"tools/go.mod", "tests/peers/go.mod", "cmd/epitaph/go.mod", "export/sentry/go.mod"} {
		if there[nested] {
			t.Errorf("the zip has %s, of another module", nested)
		}
	}
}
