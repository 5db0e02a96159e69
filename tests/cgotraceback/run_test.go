//go:build linux && (amd64 || arm64) && cgo

// Package cgotraceback tests the C frames that Go itself shows: in CPU profiles, in
// runtime.Stack, in the text of panics and fatal errors. It has the equivalents of runtime's
// tests of SetCgoTraceback (CrashTraceback, TracebackContext, CgoPprof and its thread
// form), and what Go's contracts leave open.
package cgotraceback

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

const wentOn = 3

var program = &victim.Program{Build: []string{"./victim"}, Limit: 20 * time.Second}

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

// inOrder fails unless the text has these one behind the other.
func inOrder(t *testing.T, text string, want ...string) {
	t.Helper()
	rest := text
	for _, w := range want {
		at := regexp.MustCompile("(?m)" + w).FindStringIndex(rest)
		if at == nil {
			t.Errorf("no %q behind those before it in\n%s", w, text)
			return
		}
		rest = rest[at[1]:]
	}
}

// ends fails unless the program finished, and returns what it said.
func ends(t *testing.T, line string, changes ...victim.Change) string {
	t.Helper()
	o := program.Run(t, line, changes...)
	if !o.IsExit(wentOn) {
		t.Fatal(o)
	}
	return o.Stdout
}

func has(text string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(text, p) {
			return true
		}
	}
	return false
}
