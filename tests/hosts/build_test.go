//go:build linux && amd64 && cgo

package hosts

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// limit is what a child may take: beside other tests a Java VM is slow to start.
const limit = 60 * time.Second

var (
	library = &victim.Program{Name: "library", Build: []string{"./library"}, Limit: limit}
	sqlite  = &victim.Program{Name: "sqlite", Build: []string{"-tags", "hosts", "./sqlite"}, Limit: limit}
	// exporting is library linked as docs/limits.md says for JIT compilers that are loaded later.
	exporting = &victim.Program{Name: "exporting", Limit: limit, Build: []string{"-ldflags=-extldflags=" +
		"-Wl,--export-dynamic-symbol=__register_frame,--export-dynamic-symbol=__deregister_frame", "./library"}}
	// systemSQLite takes the system's library, which need not be compiled.
	systemSQLite = &victim.Program{Name: "sqlite", Build: []string{"-tags", "hosts libsqlite3", "./sqlite"}, Limit: limit}
	duckdb       = &victim.Program{Name: "duckdb", Compiler: []string{"go", "build", "-C", "duckdb"}, Build: []string{"."},
		Env: []string{"GOWORK=off"}, Limit: limit}
)

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

// A host is someone else's program around which there is one of ours.
type host struct {
	name    string
	program *victim.Program
	library *victim.Program // what the program loads, if it does
	needs   []string        // packages of pkg-config
	tools   []string
	file    string   // which must be there
	full    bool     // only with EPITAPH_MATRIX=full: it takes long to build
	rounds  int      // then of each run; 0: one
	often   []string // of these a hundred: those that went wrong once
	env     []string
	with    func(t testing.TB, path string) // builds what the library wants beside it

	places []string
	waits  bool              // for others more than it works: its time says nothing
	frames map[string]string // where it crashes if that is not as in kinds
	// dies says that a handler of the host ends the process as it wants, whatever the thread.
	dies bool
}

var hosts = []host{
	{name: "sqlite", program: sqlite, places: []string{"main", "thread"}, full: true},
	{name: "system-sqlite", program: systemSQLite, needs: []string{"sqlite3"}, places: []string{"main", "thread"}},
	{name: "duckdb", program: duckdb, places: []string{"thread"}, full: true},
	{name: "kafka", rounds: 20, program: library, library: built("kafka.c", "rdkafka"), needs: []string{"rdkafka"}, places: []string{"thread"}, waits: true},
	{name: "jvm", rounds: 20, program: library, library: jvm, tools: []string{"javac"}, places: []string{"main", "thread"}, dies: true,
		often: []string{"healthy/after", "main/null/before", "main/overflow/after"}, with: compileJava},
	{name: "python", rounds: 20, program: library, library: built("python.c", "python3-embed"), needs: []string{"python3-embed"},
		often: []string{"healthy/after", "main/null/before"}, places: []string{"main", "thread"}},
	{name: "rust", program: library, places: []string{"main", "thread"}, tools: []string{"rustc"},
		// The library's name, where it was loaded too short a time ago for a name of the function.
		frames: map[string]string{"null": "rust", "wild": "rust", "overflow": "rust"},
		library: &victim.Program{Name: "rust.so", Build: []string{"lib/rust.rs"},
			Compiler: []string{"rustc", "--crate-type=cdylib", "-g", "-O"}}},
	{name: "glog", program: library, library: built("glog.cc", "libglog"), needs: []string{"libglog"},
		places: []string{"main", "thread"}, dies: true},
	{name: "llvm-mcjit", program: library, library: llvm, tools: []string{"llvm-config"}, file: llvmHeader,
		places: []string{"main", "thread"}},
	{name: "llvm-orc", program: exporting, library: llvm, tools: []string{"llvm-config"}, file: llvmHeader,
		places: []string{"main", "thread"}, env: []string{"LLVM_JIT=orc"}},
	{name: "jemalloc", program: library, library: built("kafka.c", "rdkafka"), needs: []string{"rdkafka"},
		places: []string{"thread"}, waits: true, env: []string{"LD_PRELOAD=libjemalloc.so.2"}},
}

// built is a library of lib, which links one of the system's.
func built(source, pkg string) *victim.Program {
	flags, _ := exec.Command("pkg-config", "--cflags", "--libs", pkg).Output()
	return compiled(source, string(flags))
}

var (
	llvm       = compiled("llvm.c", llvmConfig("--cflags", "--ldflags", "--libs"))
	llvmHeader = strings.TrimSpace(llvmConfig("--includedir")) + "/llvm-c/LLJIT.h"
)

func llvmConfig(what ...string) string {
	out, _ := exec.Command("llvm-config", what...).Output()
	return string(out)
}

func compiled(source, flags string) *victim.Program {
	compiler := "cc"
	if strings.HasSuffix(source, ".cc") {
		compiler = "c++"
	}
	return &victim.Program{
		Name:     strings.TrimSuffix(source, filepath.Ext(source)) + ".so",
		Compiler: []string{compiler, "-shared", "-fPIC", "-g", "-O1", "-Wall", "-Wextra", "-Werror"},
		Build:    append([]string{"lib/" + source}, strings.Fields(flags)...),
	}
}

// javaHome is that of javac, or "".
var javaHome = func() string {
	path, err := exec.LookPath("javac")
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return ""
	}
	return filepath.Dir(filepath.Dir(path))
}()

var jvm = &victim.Program{
	Name:     "jvm.so",
	Compiler: []string{"cc", "-shared", "-fPIC", "-g", "-O1", "-Wall", "-Wextra", "-Werror"},
	Build: []string{"lib/jvm.c", "-I" + javaHome + "/include", "-I" + javaHome + "/include/linux",
		`-DLIBJVM="` + javaHome + `/lib/server/libjvm.so"`, "-ldl"},
}

func compileJava(t testing.TB, path string) {
	class := filepath.Join(filepath.Dir(path), "Host.class")
	if _, err := os.Stat(class); err == nil {
		return
	}
	if out, err := exec.Command("javac", "-d", filepath.Dir(path), "lib/Host.java").CombinedOutput(); err != nil {
		t.Fatalf("javac: %v\n%s", err, out)
	}
}

// missing is what the host needs and is not installed, or "".
func (h host) missing() string {
	for _, tool := range h.tools {
		if _, err := exec.LookPath(tool); err != nil {
			return tool
		}
	}
	if _, err := os.Stat(h.file); h.file != "" && err != nil {
		return h.file
	}
	for _, pkg := range h.needs {
		if exec.Command("pkg-config", "--exists", pkg).Run() != nil {
			return "the development package of " + pkg
		}
	}
	for _, env := range h.env {
		if library, ok := strings.CutPrefix(env, "LD_PRELOAD="); ok {
			cmd := exec.Command("true")
			cmd.Env = append(cmd.Environ(), env)
			if out, _ := cmd.CombinedOutput(); len(out) > 0 { // the dynamic linker says so, and goes on
				return library
			}
		}
	}
	return ""
}

// ready skips the test if the host cannot be had, and builds what it needs.
func (h host) ready(t testing.TB) {
	t.Helper()
	if h.full && !victim.Full {
		t.Skip("only with EPITAPH_MATRIX=full")
	}
	if what := h.missing(); what != "" {
		t.Skipf("%s is not installed", what)
	}
	h.program.Path(t)
	if h.library != nil && h.with != nil {
		h.with(t, h.library.Path(t))
	}
}

// times is how often a run is repeated.
func (h host) times(run string) int {
	if slices.Contains(h.often, run) {
		return victim.Rounds(100)
	}
	return victim.Rounds(max(h.rounds, 1))
}

// start starts the program with the settings of a line.
func (h host) start(t testing.TB, line string) *victim.Child {
	t.Helper()
	if h.library != nil {
		line += " library=" + h.library.Path(t)
	}
	return h.program.Start(t, line, victim.Env(h.env...))
}
