//go:build linux && (amd64 || arm64) && cgo

package tests

import (
	"cmp"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// A build is crashdemo, built in one way.
type build struct {
	victim.Program
	// needs is a program without which it cannot be built; toolchain is another version of Go.
	needs, toolchain string
	// whole is the same program with its symbols, by which those of this one are looked up.
	whole *build

	once sync.Once
	path string
	skip string // why it cannot be had here
	err  error

	list table

	symbolsOnce sync.Once
	symbols     []elf.Symbol
	symbolsErr  error
}

var static = "-linkmode external -extldflags -static"

// The ways to build. Only what is used is built.
var (
	plainBuild       = crashdemo("plain")
	pieBuild         = crashdemo("pie", "-buildmode=pie")
	strippedBuild    = crashdemo("stripped", "-ldflags=-s -w").strippedOf(plainBuild)
	pieStrippedBuild = crashdemo("pie-stripped", "-buildmode=pie", "-ldflags=-s -w").strippedOf(pieBuild)
	staticBuild      = crashdemo("static", "-ldflags="+static)
	staticBareBuild  = crashdemo("static-stripped", "-ldflags=-s -w "+static).strippedOf(staticBuild)
	muslBuild        = crashdemo("musl", "-tags=nocxx", "-ldflags="+static).compiledBy("musl-gcc")
	raceBuild        = crashdemo("race", "-race")
	go127Build       = crashdemo("go1.27").builtBy("go1.27.4")
	trimpathBuild    = crashdemo("trimpath", "-trimpath")
	clangBuild       = crashdemo("clang", "-tags=nocxx").compiledBy("clang")
	protectedBuild   = crashdemo("protected").withCFlags("-O2 -g -mbranch-protection=standard")
	nowrapBuild      = crashdemo("nowrap", "-tags=epitaph_nowrap")
	// For gdb: with symbols, but without the debug information, by which it would show inlined calls as frames.
	symbolsBuild = crashdemo("symbols", "-ldflags=-w")
)

func crashdemo(name string, flags ...string) *build {
	args := append(flags, "github.com/epitaph-go/epitaph/cmd/crashdemo")
	return &build{Program: victim.Program{Name: name, Build: args, Limit: hardLimit}}
}

// compiledBy has another C compiler.
func (b *build) compiledBy(cc string) *build {
	b.needs, b.Env = cc, []string{"CC=" + cc}
	return b
}

// withCFlags has other flags of the C compiler.
func (b *build) withCFlags(flags string) *build {
	b.Env = []string{"CGO_CFLAGS=" + flags}
	return b
}

// strippedOf says which program this one is without its symbols.
func (b *build) strippedOf(whole *build) *build {
	b.whole = whole
	return b
}

// builtBy has another version of Go.
func (b *build) builtBy(toolchain string) *build {
	b.toolchain, b.Env = toolchain, []string{"GOTOOLCHAIN=" + toolchain}
	return b
}

// program builds it, once, and skips the test where that is impossible here.
func (b *build) program(t *testing.T) string {
	t.Helper()
	b.once.Do(b.make)
	if b.err != nil {
		t.Fatal(b.err)
	}
	if b.skip != "" {
		t.Skip(b.skip)
	}
	return b.path
}

func (b *build) make() {
	elsewhere := os.Getenv(victim.Elsewhere) != "" // it was built, or it was not
	if !elsewhere && b.needs != "" {
		if _, err := exec.LookPath(b.needs); err != nil {
			b.skip = fmt.Sprintf("not built: there is no %s", b.needs)
			return
		}
	}
	if !elsewhere && b.toolchain != "" {
		version := exec.Command("go", "version")
		version.Env = append(version.Environ(), b.Env...)
		if out, err := version.CombinedOutput(); err != nil {
			b.skip = fmt.Sprintf("not built: the toolchain %s cannot be had: %s", b.toolchain, strings.TrimSpace(string(out)))
			return
		}
	}
	if b.path, b.err = b.Make(); errors.Is(b.err, victim.ErrNotBuilt) {
		b.skip, b.err = b.err.Error(), nil
		return
	} else if b.err != nil {
		return
	}
	out, err := exec.Command(b.path, "list", "-json").Output()
	if err == nil {
		err = json.Unmarshal(out, &b.list)
	}
	if err == nil && (len(b.list.Kinds) < 30 || len(b.list.Places) != 5) {
		err = fmt.Errorf("%d kinds and %d places", len(b.list.Kinds), len(b.list.Places))
	}
	if err != nil {
		b.err = fmt.Errorf("%s list -json: %w", b.path, err)
	}
}

// A table is what crashdemo itself says of its kinds and places: it differs from build to build.
type table struct {
	Kinds  []kind
	Places []place
}

type kind struct {
	Name    string
	Func    string // the C function that crashes
	Signal  string
	Number  int
	Traits  []string
	Callers []string // between Func and the place, innermost first
}

func (k kind) has(trait string) bool { return slices.Contains(k.Traits, trait) }

func (k kind) signal() syscall.Signal { return syscall.Signal(k.Number) }

type place struct {
	Name   string
	Frames []string // innermost first
}

// find looks a case up by its name, as in "null-write/cgo".
func (b *build) find(name string) (k kind, p place, ok bool) {
	kindName, placeName, _ := strings.Cut(name, "/")
	i := slices.IndexFunc(b.list.Kinds, func(k kind) bool { return k.Name == kindName })
	j := slices.IndexFunc(b.list.Places, func(p place) bool { return p.Name == placeName })
	if i < 0 || j < 0 {
		return k, p, false
	}
	return b.list.Kinds[i], b.list.Places[j], true
}

// symbolAt names the function that holds an address of the file, by its symbol table; "" if there is none.
func (b *build) symbolAt(t *testing.T, address uint64) string {
	t.Helper()
	b.symbolsOnce.Do(func() { b.symbols, b.symbolsErr = functions(b.path) })
	if b.symbolsErr != nil {
		t.Fatal(b.symbolsErr)
	}
	i, _ := slices.BinarySearchFunc(b.symbols, address, func(s elf.Symbol, address uint64) int {
		return cmp.Compare(s.Value+s.Size, address+1) // the first that ends behind it
	})
	if i < len(b.symbols) && b.symbols[i].Value <= address {
		return b.symbols[i].Name
	}
	return ""
}

// functions returns the functions of a program's symbol table, by their addresses.
func functions(path string) ([]elf.Symbol, error) {
	file, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	symbols, err := file.Symbols()
	symbols = slices.DeleteFunc(symbols, func(s elf.Symbol) bool {
		return elf.ST_TYPE(s.Info) != elf.STT_FUNC || s.Section == elf.SHN_UNDEF || s.Size == 0
	})
	slices.SortStableFunc(symbols, func(a, b elf.Symbol) int {
		// Of two names for one function the global one first: compilers make local aliases.
		return cmp.Or(cmp.Compare(a.Value+a.Size, b.Value+b.Size), cmp.Compare(elf.ST_BIND(b.Info), elf.ST_BIND(a.Info)))
	})
	return symbols, err
}
