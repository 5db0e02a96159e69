//go:build linux

package victim

import (
	"os/exec"
	"testing"
)

// NeedTools skips a test, by the name of the first program that is missing, unless all are
// installed.
func NeedTools(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not installed", name)
		}
	}
}
