//go:build linux && (amd64 || arm64) && cgo

package regress

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

var (
	goHost   = &victim.Program{Name: "gohost", Build: []string{"./goplugin/host"}, Limit: limit}
	goPlugin = &victim.Program{Name: "goplugin.so", Build: []string{"-buildmode=plugin", "./goplugin/plug"}}
)

// The Go code of a plugin is Go: it recovers, its frames have names, and it dies as Go does.
func TestGoPlugin(t *testing.T) {
	for _, when := range []string{"", " late=1"} {
		t.Run("Nil"+when, func(t *testing.T) {
			t.Parallel()
			for range victim.Rounds(100) {
				o := goHost.Run(t, goPlugin.Path(t)+" Nil"+when)
				o.Exited(t, 0)
				says(t, o, "runtime error: invalid memory address or nil pointer dereference")
				victim.NoReport(t, o.Stderr)
			}
		})
		t.Run("Crash"+when, func(t *testing.T) {
			t.Parallel()
			for range victim.Rounds(100) {
				o := goHost.Run(t, goPlugin.Path(t)+" Crash"+when)
				o.DiedOf(t, syscall.SIGSEGV)
				r := victim.Complete(t, o.Stderr)
				if when != "" { // else the plugin's symbols may not have been read yet
					first(t, r, "boom")
				}
				var names []string
				for _, frame := range r.Current().Frames {
					names = append(names, frame.Name())
				}
				if all := strings.Join(names, " "); !strings.Contains(all, ".Crash ") || !strings.HasSuffix(all, "main.main runtime.main runtime.goexit") {
					t.Errorf("the frames are %s", all)
				}
			}
		})
		t.Run("Panic"+when, func(t *testing.T) {
			t.Parallel()
			for range victim.Rounds(100) {
				dir := t.TempDir()
				o := goHost.Run(t, goPlugin.Path(t)+" Panic dir="+dir+when)
				o.Exited(t, 2)
				victim.NoReport(t, o.Stderr)
				if files, _ := filepath.Glob(filepath.Join(dir, "*.crash")); len(files) != 1 {
					t.Errorf("report files %v: %v", files, o)
				}
			}
		})
	}
}
