//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/internal/engine/config"
	"github.com/epitaph-go/epitaph/internal/symindex"
)

// A module that could not be read for want of a descriptor is read later; one that is
// not there is not looked for every second.
func TestFailuresThatPass(t *testing.T) {
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	build := func(path string) error {
		_, err := symindex.Build(path, symindex.Options{Budget: config.DefaultSymbolBudget})
		return err
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 3, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	err = build(executable)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if err == nil || !passes(err) {
		t.Errorf("without a descriptor: %v, which counts as one that stays", err)
	}
	if err := build(executable + ".missing"); err == nil || passes(err) {
		t.Errorf("without a file: %v, which counts as one that passes", err)
	}
	if err := build(executable); err != nil {
		t.Error(err)
	}
}
