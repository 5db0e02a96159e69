package symindex_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/symindex"
	"github.com/epitaph-go/epitaph/internal/symindex/block"
)

// testdata/lines.elf is testdata/cases/plain.c as a shared library:
// gcc -g -O2 -shared -nostdlib -fPIC -Wl,--build-id.
const linesELF = "testdata/lines.elf"

// everyPC is what a block says of each byte of its parts.
func everyPC(b *block.Block, from, to uint64) [][]block.Frame {
	var all [][]block.Frame
	for pc := from; pc < to; pc++ {
		frames, _, _ := b.Lookup(pc, nil)
		all = append(all, frames)
	}
	return all
}

func TestBlockHasTheFilesBuildID(t *testing.T) {
	b, _ := buildBlock(t, linesELF, symindex.Options{})
	if len(b.BuildID()) != 20 {
		t.Errorf("build-id %x", b.BuildID())
	}
	if _, err := symindex.Build(linesELF, symindex.Options{Budget: 1 << 20, BuildID: b.BuildID()}); err != nil {
		t.Error(err)
	}
}

// A library that an upgrade has replaced on disk would give the names of other code.
func TestReplacedFileIsRefused(t *testing.T) {
	_, err := symindex.Build(linesELF, symindex.Options{Budget: 1 << 20, BuildID: []byte("another one")})
	if !errors.Is(err, symindex.ErrReplaced) {
		t.Errorf("got %v", err)
	}
}

func TestInlinedCallsAndGeneratedFiles(t *testing.T) {
	b, _ := buildBlock(t, linesELF, symindex.Options{})
	found := false
	for i := range b.Parts() {
		for pc := b.Part(i); ; pc++ {
			frames, start, ok := b.Lookup(pc, nil)
			if !ok || start != b.Part(i) {
				break
			}
			if len(frames) == 2 && frames[0].Func == "clamp" {
				found = true
				if f := frames[1]; f.Func != "parse" || f.File != "/src/generated.y" || f.Line != 9 || !frames[0].Inlined || f.Inlined {
					t.Errorf("0x%x: %+v", pc, frames)
				}
			}
		}
	}
	if !found {
		t.Error("clamp is inlined nowhere")
	}
}

// What the budget has no room for is left out in the order of what it tells:
// function and line go together in each.
func TestBudgetDropsInlinedCallsFirst(t *testing.T) {
	path := encodings[0].make(t)
	full, result := buildBlock(t, path, symindex.Options{})
	budget := len(result.Data)
	for _, want := range []symindex.Dropped{symindex.DroppedInlined, symindex.DroppedLines} {
		b, result := buildBlock(t, path, symindex.Options{Budget: budget - 1})
		if result.Dropped != want {
			t.Fatalf("a budget of %d bytes drops %v, want %v", budget-1, result.Dropped, want)
		}
		budget = len(result.Data)
		for _, pc := range randomPCs(t, path, 1000, symindex.Range{}) {
			all, got := lookup(full, pc), lookup(b, pc)
			outermost := all[len(all)-1]
			if want == symindex.DroppedLines {
				outermost.File, outermost.Line = "", 0
			}
			if outermost.Near = false; len(got) != 1 || got[0].Near {
				t.Fatalf("0x%x: %+v", pc, got)
			}
			if got[0] != outermost {
				t.Fatalf("0x%x without %v: %+v, want %+v", pc, want, got[0], outermost)
			}
		}
	}
	_, err := symindex.Build(path, symindex.Options{Budget: 1000})
	if err == nil || !strings.HasPrefix(err.Error(), "symindex: ") {
		t.Errorf("over the budget: %v", err)
	}
}

// A budget that ends anywhere in a block ends the work.
func TestEveryBudgetEnds(t *testing.T) {
	_, whole := buildBlock(t, linesELF, symindex.Options{})
	for budget := 0; budget <= len(whole.Data); budget += 7 {
		result, err := symindex.Build(linesELF, symindex.Options{Budget: budget})
		switch {
		case err != nil && !symindex.OverBudget(err):
			t.Fatalf("%d bytes: %v", budget, err)
		case err == nil && len(result.Data) > budget:
			t.Fatalf("%d bytes for a budget of %d", len(result.Data), budget)
		}
		if err == nil {
			result.Free()
		}
	}
}

// A block of names only is what is there first.
func TestNamesOnly(t *testing.T) {
	b, _ := buildBlock(t, linesELF, symindex.Options{NamesOnly: true})
	if b.Flags() != block.NamesOnly {
		t.Errorf("flags %x", b.Flags())
	}
	frames, _, ok := b.Lookup(b.Part(0), nil)
	if !ok || len(frames) != 1 || frames[0].Func == "" || frames[0].Line != 0 {
		t.Errorf("%+v", frames)
	}
}

func TestYieldIsCalled(t *testing.T) {
	n := 0
	buildBlock(t, encodings[0].make(t), symindex.Options{Yield: func() { n++ }})
	if n < 5 {
		t.Errorf("it was called %d times", n)
	}
}

func TestShownNames(t *testing.T) {
	for raw, want := range map[string]string{
		"main":                       "main",
		"parse.cold":                 "parse",
		"walk.constprop.0.isra.0":    "walk",
		"f.llvm.1234567":             "f",
		"memcpy@@GLIBC_2.14":         "memcpy",
		"_ZN4shop6BasketIiE5totalEv": "shop::Basket<int>::total",
		"_ZNSt8_Rb_treeINSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEESt4pairIKS5_iESt10_Select1stIS8_ESt4lessIS5_ESaIS8_EE8_M_eraseEPSt13_Rb_tree_nodeIS8_E.cold": "std::_Rb_tree<...>::_M_erase",
	} {
		if got := symindex.Shown(raw); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}

// Damaged debug information costs a bounded time, and never a panic.
func TestDamagedDWARF(t *testing.T) {
	path := encodings[0].make(t)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	low, high := debugSections(t, path)
	random := rand.New(rand.NewPCG(3, 4))
	rounds := 300
	if testing.Short() {
		rounds = 30
	}
	worst := time.Duration(0)
	for range rounds {
		data := slices.Clone(good)
		for range 1 + random.IntN(30) {
			at := low + random.IntN(high-low)
			switch random.IntN(3) {
			case 0:
				data[at] = byte(random.Uint32())
			case 1:
				data[at] = 0xff
			default:
				data[at] ^= 1 << random.IntN(8)
			}
		}
		damaged := filepath.Join(t.TempDir(), "prog")
		if err := os.WriteFile(damaged, data, 0o600); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		result, err := symindex.Build(damaged, symindex.Options{Budget: 1 << 24})
		worst = max(worst, time.Since(began))
		if err != nil {
			continue
		}
		b, err := block.Parse(result.Data)
		if err != nil {
			t.Fatal(err)
		}
		everyPC(b, b.Part(0), b.Part(0)+1000)
		result.Free()
	}
	t.Logf("%d files of %d bytes, the worst took %v", rounds, len(good), worst)
	if worst > 5*time.Second {
		t.Errorf("one took %v", worst)
	}
}

// FuzzBuild feeds damaged files: an error or a block, never a panic.
func FuzzBuild(f *testing.F) {
	for _, name := range []string{linesELF, "testdata/tiny.elf"} {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	path := filepath.Join(f.TempDir(), "file")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		result, err := symindex.Build(path, symindex.Options{Budget: 1 << 22})
		if err != nil {
			return
		}
		defer result.Free()
		b, err := block.Parse(result.Data)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Parts() {
			b.Lookup(b.Part(i), nil)
		}
	})
}

// FuzzLookup damages a block: wrong answers, never a panic.
func FuzzLookup(f *testing.F) {
	result, err := symindex.Build(linesELF, symindex.Options{Budget: 1 << 20})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(slices.Clone(result.Data), uint64(0x1100))
	result.Free()
	f.Fuzz(func(t *testing.T, data []byte, pc uint64) {
		b, err := block.Parse(data)
		if err != nil {
			return
		}
		b.BuildID()
		b.Lookup(pc, nil)
		for i := range min(b.Parts(), 100) {
			b.Lookup(b.Part(i)+pc%64, nil)
		}
	})
}
