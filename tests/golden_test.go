//go:build linux && (amd64 || arm64) && cgo

package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/crashtest"
	"github.com/epitaph-go/epitaph/internal/victim"
)

// goldenPlace is where the kinds of TestGoldens crash: of all places it has the most
// changes between C and Go.
const goldenPlace = "callback"

// goldenRun is a crash, run by package crashtest as a user would.
func goldenRun(t *testing.T, b *build, k kind, limit time.Duration) *crashtest.Result {
	t.Helper()
	cmd := exec.Command(b.program(t), "run", k.Name, "-place", goldenPlace, "-symbol-cache", os.Getenv(victim.SymbolCache))
	r := crashtest.Command(t, cmd, crashtest.WithTimeout(limit))
	if r.State.ExitCode() == exitUnavailable {
		t.Skip(strings.TrimSpace(string(r.Stderr)))
	}
	return r
}

// TestGoldens compares each kind of crash with its file in testdata/crash.
func TestGoldens(t *testing.T) {
	plainBuild.program(t)
	for _, k := range plainBuild.list.Kinds {
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			goldenRun(t, plainBuild, k, hardLimit).Golden()
		})
	}
}

// TestGoldensOfBuilds has the same files hold for crashdemo as it is built otherwise, in
// other directories.
func TestGoldensOfBuilds(t *testing.T) {
	builds := []*build{pieBuild}
	if victim.Full {
		builds = append(builds, trimpathBuild, raceBuild, go127Build, clangBuild)
	}
	for _, b := range builds {
		t.Run(b.Name, func(t *testing.T) {
			b.program(t)
			for i, k := range b.list.Kinds {
				t.Run(k.Name, func(t *testing.T) {
					// The first one alone reads the symbols, which the others have from the cache. With
					// the race detector, on a busy machine, that takes more than a crash may.
					limit := time.Minute
					if i > 0 {
						t.Parallel()
						limit = hardLimit
					}
					text, err := os.ReadFile(filepath.Join("testdata", "crash", "TestGoldens", k.Name+".golden"))
					if err != nil {
						t.Fatal(err)
					}
					goldenRun(t, b, k, limit).Want(string(text))
				})
			}
		})
	}
}
