//go:build linux && (amd64 || arm64) && cgo

package godeath

import (
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

var (
	library = &victim.Program{Name: "library.so", Build: []string{"-buildmode=c-shared", "./library"}}
	host    = &victim.Program{Name: "host", Compiler: []string{"cc"}, Build: []string{"testdata/host.c", "-ldl"}}
)

// In a program that is not Go's, its deaths end in SIGABRT anyway; and the signals
// that Go has no handler for there are Epitaph's all the same.
func TestLibrary(t *testing.T) {
	noTraceback := victim.Unset("GOTRACEBACK")
	for _, function := range []string{"Panic", "Abort"} {
		t.Run(function, func(t *testing.T) {
			dir := t.TempDir()
			o := host.Run(t, library.Path(t)+" "+function+" "+dir, noTraceback)
			without := host.Run(t, library.Path(t)+" "+function, noTraceback)
			o.DiedOf(t, syscall.SIGABRT)
			without.DiedOf(t, syscall.SIGABRT)
			text := onlyFile(t, dir)
			r := complete(t, text)
			if o.Stdout != text {
				t.Errorf("the crash hook got:\n%s", ends(o.Stdout))
			}
			if function == "Panic" {
				same(t, o, without)
				if r.Headline != "panic: in the library" || r.GoText == nil || string(r.GoText.Bytes()) != o.Stderr {
					t.Errorf("%q, %v", r.Headline, r.GoText)
				}
				shows(t, r.Current(), "runtime.gopanic", "main.Panic", "crosscall2", "main")
			} else {
				if r.Signal == nil || r.Signal.Name != "SIGABRT" {
					t.Errorf("the signal is %v", r.Signal)
				}
				shows(t, r.Current(), "abort", "main.Abort", "crosscall2", "main")
			}
		})
	}
}

// A host's own handler for SIGABRT has the last word, after the crash hook.
func TestLibraryHostHandles(t *testing.T) {
	handles, noTraceback := victim.Env("HANDLES=1"), victim.Unset("GOTRACEBACK")
	for _, function := range []string{"Panic", "Abort"} {
		dir := t.TempDir()
		o := host.Run(t, library.Path(t)+" "+function+" "+dir, handles, noTraceback)
		o.Exited(t, 4)
		if text := onlyFile(t, dir); o.Stdout != text+"handled\n" {
			t.Errorf("standard output is:\n%s", ends(o.Stdout))
		}
		host.Run(t, library.Path(t)+" "+function, handles, noTraceback).Exited(t, 4)
	}
}
