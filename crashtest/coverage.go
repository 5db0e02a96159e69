package crashtest

import (
	"flag"
	"os"
	"sync"
	"testing"

	"github.com/epitaph-go/epitaph/internal/gort/exits"
)

// coverDir is where a child is to leave its coverage: package testing merges all
// that it finds there. go test names the directory; a binary that was built with go test
// -c -cover has none, and one that is named here is used by package testing as well.
var coverDir = sync.OnceValue(func() string {
	if testing.CoverMode() == "" {
		return ""
	}
	f := flag.Lookup("test.gocoverdir")
	if f == nil {
		return ""
	}
	if dir := f.Value.String(); dir != "" {
		return dir
	}
	dir, err := os.MkdirTemp("", "gocoverdir")
	if err != nil {
		return ""
	}
	if exits.RunLast(func() { os.RemoveAll(dir) }) != nil || f.Value.Set(dir) != nil {
		os.RemoveAll(dir)
		return ""
	}
	return dir
})

// coverageKeeper returns what writes this process' coverage before it dies, or nil if it
// has none. An exit does so by the runtime's hooks; runtime/coverage would do it without
// an exit, but refuses to in test binaries, and outside of atomic mode. The engine's own
// hook, which Enable adds, is not among these: it waits for the end of a crash.
func coverageKeeper() (func(), error) {
	if testing.CoverMode() == "" {
		return dumpCoverageOfC(), nil
	}
	hooks, err := exits.Added()
	if err != nil {
		return nil, err
	}
	ofC := dumpCoverageOfC()
	return sync.OnceFunc(func() {
		for _, hook := range hooks {
			hook()
		}
		if ofC != nil {
			ofC()
		}
	}), nil
}
