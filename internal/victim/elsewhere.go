//go:build linux

package victim

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Tests of another machine run where nothing can be built: their programs are built before,
// by BuildElsewhere, and lie below the directory that the environment variable Elsewhere
// names. A program that is not there skips its test.
const Elsewhere = "EPITAPH_VICTIM_BUILT"

// Slower is the environment variable that says how many times slower than usual the machine
// is, for the limits of the children.
const Slower = "EPITAPH_VICTIM_SLOWER"

// ErrNotBuilt is wrapped by the errors of programs that were not built for this machine.
var ErrNotBuilt = errors.New("victim: not built for this machine")

// slower is a limit on this machine.
func slower(limit time.Duration) time.Duration {
	if times, err := strconv.Atoi(os.Getenv(Slower)); err == nil && times > 1 {
		return limit * time.Duration(times)
	}
	return limit
}

// Inside is where the program of the tests in a directory lies below Elsewhere. Of the
// directory its name counts, of the program all that it is built from.
func (p *Program) Inside(dir string) string {
	words := append(append([]string{filepath.Base(dir)}, p.Env...), p.Compiler...)
	key := strings.Map(func(r rune) rune {
		if strings.ContainsRune("/ ", r) {
			return '_'
		}
		return r
	}, strings.Join(append(words, p.Build...), " "))
	return filepath.Join(key, p.file())
}

// BuildElsewhere builds the program as the tests in the directory DIR would, but for another
// machine, which ENV tells to the go command and which INTO becomes Elsewhere of.
func (p *Program) BuildElsewhere(dir, into string, env ...string) error {
	path, err := filepath.Abs(filepath.Join(into, p.Inside(dir)))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { // a C compiler does not
		return err
	}
	cmd := p.command(path)
	cmd.Dir, cmd.Env = dir, append(append(os.Environ(), env...), p.Env...)
	if variable := map[string]string{"cc": "CC=", "c++": "CXX="}[cmd.Args[0]]; variable != "" {
		for _, v := range env {
			if name, found := strings.CutPrefix(v, variable); found {
				if cmd.Path, err = exec.LookPath(name); err != nil {
					return err
				}
			}
		}
	}
	return run(cmd)
}

// find finds the program where it was built for this machine.
func (p *Program) find(below string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	path := filepath.Join(below, p.Inside(dir))
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%w: %s", ErrNotBuilt, p.Inside(dir))
	}
	return path, nil
}

// need skips a test whose program was not built for this machine.
func need(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, ErrNotBuilt) {
		t.Skip(err)
	}
}

func run(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("victim: %v: %w\n%s", cmd, err, out)
	}
	return nil
}
