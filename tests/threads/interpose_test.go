//go:build linux && (amd64 || arm64) && cgo

package threads

import (
	"debug/elf"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// Two shared libraries whose constructors wait for a thread: one that changes its mask, and one
// that announces code to the unwinder.
var (
	masking = &victim.Program{
		Name:     "constructor.so",
		Compiler: []string{"cc", "-shared", "-fPIC"},
		Build:    []string{"testdata/constructor.c", "-lpthread"},
	}
	registering = &victim.Program{
		Name:     "frames.so",
		Compiler: []string{"cc", "-shared", "-fPIC"},
		Build:    []string{"-DFRAMES", "testdata/constructor.c", "-lpthread", "-lgcc_s"},
	}
)

// A shared library finds the executable's names first only if they are exported.
func TestNamesAreExported(t *testing.T) {
	file, err := elf.Open(program.Path(t))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"pthread_create", "thrd_create", "pthread_sigmask", "sigprocmask", "sigwait", "sigwaitinfo",
		"sigtimedwait", "signalfd", "sigaction", "signal", "sysv_signal", "__sysv_signal", "sigset", "sigignore",
		"__register_frame", "__deregister_frame"} {
		if !slices.ContainsFunc(symbols, func(s elf.Symbol) bool {
			return s.Name == name && s.Section != elf.SHN_UNDEF
		}) {
			t.Errorf("%s is not exported", name)
		}
	}
}

// A sanitizer's runtime that is linked in statically has weak definitions of some of the names, and comes
// first. A strong one wins, and goes on to the runtime's by its second name. All others are weak: libc's, in
// a static program, and libgcc's may be strong.
func TestNamesComeBeforeASanitizers(t *testing.T) {
	theirs := []string{"_exit", "pthread_create", "pthread_sigmask", "sigaction", "signal", "sigprocmask", "sigtimedwait",
		"sigwait", "sigwaitinfo", "write"}
	sources, err := filepath.Glob("../../native/interpose/*.c")
	if err != nil || len(sources) < 5 {
		t.Fatal(sources, err)
	}
	for _, compiler := range []string{"gcc", "clang"} {
		for _, sanitizer := range []string{"", "-fsanitize=address"} {
			t.Run(compiler+sanitizer, func(t *testing.T) {
				if _, err := exec.LookPath(compiler); err != nil {
					t.Skipf("%s is not installed", compiler)
				}
				var strong, weak, refers []string
				for _, source := range sources {
					object := filepath.Join(t.TempDir(), "names.o")
					args := []string{"-std=c11", "-D_GNU_SOURCE", "-fvisibility=hidden", "-c", source, "-o", object}
					if sanitizer != "" {
						args = append(args, sanitizer)
					}
					if out, err := exec.Command(compiler, args...).CombinedOutput(); err != nil {
						t.Fatalf("%v\n%s", err, out)
					}
					for _, s := range symbolsOf(t, object) {
						second, is := strings.CutPrefix(s.Name, "__interceptor_")
						switch bind := elf.ST_BIND(s.Info); {
						case is && bind == elf.STB_WEAK:
							refers = append(refers, second)
						case s.Section == elf.SHN_UNDEF || elf.ST_VISIBILITY(s.Other) != elf.STV_DEFAULT || elf.ST_TYPE(s.Info) != elf.STT_FUNC:
						case bind == elf.STB_WEAK:
							weak = append(weak, s.Name)
						case bind == elf.STB_GLOBAL:
							strong = append(strong, s.Name)
						}
					}
				}
				slices.Sort(strong)
				if sanitizer == "" {
					if len(strong) > 0 || len(refers) > 0 || !slices.Contains(weak, "sigaction") {
						t.Errorf("strong without a sanitizer: %q, refer to one: %q; weak: %q", strong, refers, weak)
					}
					return
				}
				if !slices.Equal(strong, theirs) || !slices.Contains(weak, "__register_frame") {
					t.Errorf("strong are %q, want %q; weak are %q", strong, theirs, weak)
				}
				for _, name := range theirs {
					if !slices.Contains(refers, name) {
						t.Errorf("%s does not go on to the runtime's", name)
					}
				}
			})
		}
	}
}

func symbolsOf(t *testing.T, object string) []elf.Symbol {
	t.Helper()
	file, err := elf.Open(object)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	return symbols
}

// While dlopen runs a constructor, another thread that called dlsym would wait for it.
func TestLibraryWaitsForItsThreads(t *testing.T) {
	for _, library := range []*victim.Program{masking, registering} {
		for _, line := range []string{"load 0", "load 1"} {
			t.Run(library.Name+" "+line, func(t *testing.T) {
				out := program.Run(t, line, victim.Env("LIBRARY="+library.Path(t)))
				if !out.IsExit(0) || strings.TrimSpace(out.Stdout) != "loaded 1" {
					t.Fatal(out)
				}
			})
		}
	}
}
