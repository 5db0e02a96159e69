//go:build linux && (amd64 || arm64) && cgo

package tests

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// gdbLimit is for gdb, which reads the symbols of every library and of a large core file.
const gdbLimit = 60 * time.Second

// A view is what gdb says of a stop.
type view struct {
	thread       int // as gdb numbers them: the one that ended the process is the first
	tid          int
	signal, code int
	frames       []gdbFrame
}

type gdbFrame struct {
	pc   uint64
	name string
}

var gdbWorks = sync.OnceValue(func() error {
	if out, err := exec.Command("gdb", "-nx", "-batch", "-ex", "python print(gdb.VERSION)").CombinedOutput(); err != nil || strings.Contains(string(out), "not supported") {
		return fmt.Errorf("there is no gdb that knows Python: %v: %.200s", err, out)
	}
	return nil
})

// gdb runs the script with these arguments and returns the views that it prints.
func gdb(t *testing.T, args ...string) []view {
	t.Helper()
	script, err := filepath.Abs("testdata/oracle.py")
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{"-nx", "-batch", "-iex", "set auto-load off", "-iex", "set debuginfod enabled off", "-x", script}, args...)
	r := outcome(t, victim.Start(t, "gdb", args, usual, victim.Limit(gdbLimit)))
	if r.Hung { // its status does not matter: it may fail to let go of a program that has ended
		t.Fatalf("gdb: %v", r)
	}
	var views []view
	for line := range strings.Lines(r.Stdout) {
		v := &view{}
		if len(views) > 0 {
			v = &views[len(views)-1]
		}
		var f gdbFrame
		line = strings.TrimSuffix(line, "\n")
		if line == "stop" {
			views = append(views, view{})
		} else if n, _ := fmt.Sscanf(line, "thread %d %d", &v.thread, &v.tid); n == 2 {
		} else if n, _ := fmt.Sscanf(line, "si_signo %d", &v.signal); n == 1 {
		} else if n, _ := fmt.Sscanf(line, "si_code %d", &v.code); n == 1 {
		} else if n, _ := fmt.Sscanf(line, "frame 0x%x", &f.pc); n == 1 {
			f.name = strings.SplitN(line, " ", 3)[2]
			v.frames = append(v.frames, f)
		}
	}
	if len(views) == 0 || len(views[len(views)-1].frames) == 0 {
		t.Fatalf("gdb shows no stack: %v", r)
	}
	return views
}

// coreFiles says why there are none in the working directory of a program that dies, or "".
var coreFiles = sync.OnceValue(func() string {
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	if err != nil || strings.ContainsAny(string(pattern), "|/") || strings.TrimSpace(string(pattern)) == "" {
		return fmt.Sprintf("core files go elsewhere: pattern %q, %v", pattern, err)
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &limit); err != nil || limit.Max < 1<<30 {
		return fmt.Sprintf("the limit of core files is %d, %v", limit.Max, err)
	}
	return ""
})

// crashUnderGDB makes a crash happen and returns its report, and what gdb says of the moment of death: from the core file
// or, where there is none, as the parent of the program.
func crashUnderGDB(t *testing.T, b *build, k kind, p place, useCore bool) (*report.Report, view) {
	t.Helper()
	program := b.program(t)
	dir := t.TempDir()
	run := "run " + k.Name + " -place " + p.Name + " -core"
	if !useCore {
		if k.signal() == syscall.SIGTRAP {
			t.Skip("as the parent gdb takes SIGTRAP for its own")
		}
		file := filepath.Join(dir, "report")
		views := gdb(t, slices.Concat([]string{"-ex", "set $core = 0", "--args", program}, strings.Fields(run), []string{"-o", file})...)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		rep, _ := theReport(t, string(text))
		if len(views) < 2 {
			t.Errorf("the signal stopped the program %d times, want one for the fault and one for its death", len(views))
		}
		return rep, views[len(views)-1]
	}
	r := outcome(t, b.Start(t, run, usual, victim.Under("/bin/sh", "-c", `ulimit -c unlimited && exec "$@"`, "sh"),
		func(c *victim.Child) { c.Cmd.Dir = dir }))
	count(r)
	if !r.IsDeath(k.signal()) || !r.Status.CoreDump() {
		t.Fatalf("not killed by %s with a core file: %v", k.Signal, r)
	}
	cores, err := filepath.Glob(filepath.Join(dir, "core*"))
	if err != nil || len(cores) != 1 {
		t.Fatalf("core files: %v, %v", cores, err)
	}
	rep, _ := theReport(t, r.Stderr)
	views := gdb(t, "-iex", "set $core = 1", program, cores[0])
	if err := os.Remove(cores[0]); err != nil { // a hundred megabytes
		t.Error(err)
	}
	return rep, views[0]
}

// stepsBack is how far the PC of a core file is before that of the report: a trap and a refused system call are told
// when they are over, and are made to happen again so that they kill.
func stepsBack(k kind) uint64 {
	switch k.Name {
	case "int3":
		return 1
	case "seccomp":
		return 2
	}
	return 0
}

// TestCore looks at the core files of crashes by all seven signals: thread 1 has to be the one that crashed, frame 0 where
// it did, and the signal the original one.
func TestCore(t *testing.T) {
	if err := gdbWorks(); err != nil {
		t.Skip(err)
	}
	if why := coreFiles(); why != "" {
		t.Log("with gdb as the parent instead of a core file: " + why)
	}
	symbolsBuild.program(t)
	names := []string{"null-write/cgo", "null-write/thread", "bus/goroutine", "division/main", "ud2/cgo", "abort/cgo", "int3/thread",
		"seccomp/main", "raise/thread", "call-null/callback", "stack-overflow/main", "stack-overflow/thread", "callback-thread/main"}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, p, ok := symbolsBuild.find(name)
			if !ok {
				t.Fatalf("there is no %s", name)
			}
			rep, v := crashUnderGDB(t, symbolsBuild, k, p, coreFiles() == "")
			thread := rep.Current()
			if coreFiles() == "" && v.thread != 1 || v.tid != thread.TID() {
				t.Errorf("gdb has thread %d, number %d, the report %d", v.tid, v.thread, thread.TID())
			}
			if v.signal != k.Number || v.code != rep.Signal.Code {
				t.Errorf("signal %d with code %d, the report has %d", v.signal, v.code, rep.Signal.Code)
			}
			compareFrames(t, k, rep, thread.Frames[:1], v.frames[:1])
			if !k.has("bad-pc") && !k.has("below-library") && v.frames[0].name != k.Func {
				t.Errorf("frame 0 is %s, want %s", v.frames[0].name, k.Func)
			}
		})
	}
}

// TestCoreAsChildOfGDB is TestCore where there are no core files.
func TestCoreAsChildOfGDB(t *testing.T) {
	if err := gdbWorks(); err != nil {
		t.Skip(err)
	}
	symbolsBuild.program(t)
	k, p, _ := symbolsBuild.find("null-write/thread")
	rep, v := crashUnderGDB(t, symbolsBuild, k, p, false)
	if v.tid != rep.Current().TID() || v.frames[0].name != k.Func || v.signal != k.Number {
		t.Errorf("gdb sees %+v; the report:\n%s", v, rep)
	}
}

// TestFramesLikeGDB compares whole stacks of C: every frame's address and function, innermost first, up to where Go
// called C or to the start of the thread.
func TestFramesLikeGDB(t *testing.T) {
	if err := gdbWorks(); err != nil {
		t.Skip(err)
	}
	symbolsBuild.program(t)
	for _, k := range symbolsBuild.list.Kinds {
		switch {
		case k.has("silent"), k.has("callers-lost"): // no report, no frames
			continue
		case k.has("any-thread"): // gdb, too, would show a thread that waits
			continue
		case k.Name == "dlopen-constructor": // gdb would open the library's path, /proc/self/fd/N, and read its own N
			continue
		}
		for _, p := range symbolsBuild.list.Places {
			name := k.Name + "/" + p.Name
			if p.Name != "cgo" && p.Name != "thread" || !victim.Full && !slices.Contains(likeGDB, name) {
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				rep, v := crashUnderGDB(t, symbolsBuild, k, p, coreFiles() == "")
				frames := cFrames(rep.Current().Frames)
				if len(frames) != len(v.frames) {
					t.Errorf("%d frames, gdb has %d", len(frames), len(v.frames))
				}
				n := min(len(frames), len(v.frames))
				compareFrames(t, k, rep, frames[:n], v.frames[:n])
				if t.Failed() {
					t.Logf("gdb: %v\n%s", v.frames[:min(len(v.frames), 40)], rep)
				}
			})
		}
	}
}

var likeGDB = []string{
	"null-write/cgo", "null-write/thread", "strlen-null/thread", "call-null/cgo", "call-noexec/thread", "stack-overflow/thread",
	"recursion2/cgo", "abort/thread", "abort/cgo", "double-free/thread", "in-malloc/cgo", "in-dl-iterate/thread", "seccomp/thread", "int3/cgo", "cxx-throw/thread", "raise/cgo", "bus/thread",
}

// cFrames are the frames up to the first of Go, with repeated ones as often as they were there.
func cFrames(frames []report.Frame) []report.Frame {
	var list []report.Frame
	for _, f := range frames {
		switch f.Kind {
		case report.SourceFrame:
			if f.PC == 0 {
				return list // of Go
			}
			if !f.Inlined {
				list = append(list, f)
			}
		case report.BinaryFrame, report.NotExecutableFrame, report.UnknownFrame:
			list = append(list, f)
		case report.RepeatedFrames:
			for range f.Count {
				list = append(list, list[len(list)-f.Lines:]...)
			}
		default:
			return list
		}
	}
	return list
}

// compareFrames compares frames from the innermost on with those of gdb.
func compareFrames(t *testing.T, k kind, rep *report.Report, frames []report.Frame, gdbs []gdbFrame) {
	t.Helper()
	for i, f := range frames {
		g := gdbs[i]
		pc := uint64(f.PC)
		if i == 0 {
			pc -= stepsBack(k)
		}
		if pc != g.pc {
			t.Errorf("frame %d is %q, gdb has %#x in %s", i, f, g.pc, g.name)
			return
		}
		if f.Module != "" && f.Func != "" && g.name != "?" && !sameFunction(t, f.Module, f.Func, g.name) {
			t.Errorf("frame %d is %q, gdb has %s", i, f, g.name)
		}
		if f.Module != "" && f.Func == "" && g.name != "?" {
			t.Errorf("frame %d is %q without a name, gdb has %s", i, f, g.name)
		}
	}
}

// sameFunction reports whether two names are of the same function. Libraries have several for many; glibc's for its own use
// have a prefix or underscores.
func sameFunction(t *testing.T, module, a, b string) bool {
	t.Helper()
	a, b = strings.TrimPrefix(a, "__GI_"), strings.TrimPrefix(b, "__GI_")
	if i := strings.LastIndexByte(b, '('); i > 0 && !strings.HasSuffix(a, ")") {
		b = b[:i] // reports have no parameters
	}
	a = strings.TrimSuffix(a, ".cold") // the unlikely part of a function, which debug information does not tell apart
	if strings.TrimLeft(a, "_") == strings.TrimLeft(b, "_") {
		return true
	}
	file, err := elf.Open(module)
	if err != nil {
		return false
	}
	defer file.Close()
	symbols, err := file.DynamicSymbols()
	if err != nil {
		return false
	}
	addresses := map[string]uint64{}
	for _, s := range symbols {
		addresses[s.Name] = s.Value
	}
	return addresses[a] != 0 && addresses[a] == addresses[b]
}

// TestFramesLikeSymbolizer resolves the addresses of reports with llvm-symbolizer, as one would do with a report from
// elsewhere: by the address itself, or in a position-independent program by the offset in the module. The functions, files
// and lines must be those that the report has. (addr2line of binutils 2.40 finds no line in a Go program.)
func TestFramesLikeSymbolizer(t *testing.T) {
	victim.NeedTools(t, "llvm-symbolizer")
	for _, b := range []*build{plainBuild, pieBuild} {
		v := &variant{name: b.Name, build: b}
		b.program(t)
		for _, name := range []string{"null-write/cgo", "abort/callback", "recursion2/main", "go-c-go-c/thread", "cxx-throw/goroutine"} {
			t.Run(b.Name+"/"+name, func(t *testing.T) {
				t.Parallel()
				k, p, ok := b.find(name)
				if !ok {
					t.Fatalf("there is no %s", name)
				}
				rep, _ := theReport(t, v.crash(t, k, p).Stderr)
				v.compareSymbols(t, rep)
			})
		}
	}
}

func (v *variant) compareSymbols(t *testing.T, rep *report.Report) {
	t.Helper()
	// The calls at an address, those that were inlined first.
	var chains [][]report.Frame
	var chain []report.Frame
	args := []string{"-f", "-i", "-a", "-C", "--output-style=GNU", "--obj=" + v.build.path}
	for i, f := range rep.Current().Frames {
		if !v.isProgram(f) {
			continue
		}
		if chain = append(chain, f); f.Inlined {
			continue
		}
		address := uint64(f.PC)
		if v.build == pieBuild {
			offset, ok := rep.ModuleOffset(f)
			if !ok {
				t.Errorf("%q is in no module", f)
			}
			address = offset
		}
		if i >= len(chain) {
			address-- // a return address
		}
		chains = append(chains, chain)
		chain = nil
		args = append(args, fmt.Sprintf("%#x", address))
	}
	out, err := exec.Command("llvm-symbolizer", args...).Output()
	if err != nil {
		t.Fatalf("llvm-symbolizer: %v", err)
	}
	answers := strings.Split("\n"+string(out), "\n0x")[1:]
	if len(answers) != len(chains) || len(chains) < 3 {
		t.Fatalf("%d addresses, %d answers", len(chains), len(answers))
	}
	for i, chain := range chains {
		// Behind the address two lines for each call.
		lines := strings.Split(strings.TrimSpace(answers[i]), "\n")[1:]
		if len(lines) != 2*len(chain) {
			t.Errorf("%q: %q", chain, lines)
			continue
		}
		for j, f := range chain {
			name, _, _ := strings.Cut(lines[2*j], "(")
			place := fmt.Sprintf("%s:%d", path.Base(f.File), f.Line)
			where, _, _ := strings.Cut(path.Base(lines[2*j+1]), " ") // (discriminator N)
			if name != f.Func || f.Kind == report.SourceFrame && where != place {
				t.Errorf("%q, llvm-symbolizer says %s at %s", f, lines[2*j], lines[2*j+1])
			}
		}
	}
}
