package symindex_test

import (
	"debug/elf"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/symindex"
	"github.com/epitaph-go/epitaph/internal/symindex/block"
)

// buildBlock builds the block of a file.
func buildBlock(t testing.TB, path string, opts symindex.Options) (*block.Block, *symindex.Result) {
	t.Helper()
	if opts.Budget == 0 {
		opts.Budget = 64 << 20
	}
	result, err := symindex.Build(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(result.Free)
	b, err := block.Parse(result.Data)
	if err != nil {
		t.Fatal(err)
	}
	return b, result
}

// randomPCs are addresses in the functions of a file's symbol table, or of its
// debug file's.
func randomPCs(t testing.TB, path string, n int, exclude symindex.Range) []uint64 {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	symbols, _ := f.Symbols()
	dynamic, _ := f.DynamicSymbols()
	var pieces []symindex.Range
	var ends []uint64
	total := uint64(0)
	for _, s := range append(symbols, dynamic...) {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Section != elf.SHN_UNDEF && s.Size > 0 && !exclude.Contains(s.Value) {
			pieces = append(pieces, symindex.Range{Start: s.Value, End: s.Value + s.Size})
			total += s.Size
			ends = append(ends, total)
		}
	}
	if total == 0 {
		t.Fatalf("%s has no functions", path)
	}
	random := rand.New(rand.NewPCG(1, 2))
	pcs := make([]uint64, 0, n)
	for range n {
		k := random.Uint64N(total)
		i, _ := slices.BinarySearch(ends, k+1)
		pcs = append(pcs, pieces[i].End-(ends[i]-k))
	}
	slices.Sort(pcs)
	return slices.Compact(pcs)
}

// symbolize is what llvm-symbolizer says of addresses, with the names as the block
// has them and only the last part of each path.
func symbolize(t testing.TB, path string, pcs []uint64) [][]block.Frame {
	t.Helper()
	tool, err := exec.LookPath("llvm-symbolizer")
	if err != nil {
		t.Skip("llvm-symbolizer is not installed")
	}
	var in strings.Builder
	for _, pc := range pcs {
		fmt.Fprintf(&in, "0x%x\n", pc)
	}
	cmd := exec.Command(tool, "--no-demangle", "--functions=linkage", "--inlines", "--output-style=JSON", "--obj="+path)
	cmd.Stdin = strings.NewReader(in.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all [][]block.Frame
	for line := range strings.Lines(string(out)) {
		var answer struct {
			Symbol []struct {
				FunctionName, FileName string
				Line                   int
			}
		}
		if err := json.Unmarshal([]byte(line), &answer); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		var frames []block.Frame
		for i, s := range answer.Symbol {
			frames = append(frames, block.Frame{
				Func: symindex.Shown(s.FunctionName), File: baseName(s.FileName), Line: s.Line,
				Inlined: i < len(answer.Symbol)-1,
			})
		}
		all = append(all, frames)
	}
	if len(all) != len(pcs) {
		t.Fatalf("llvm-symbolizer: %d answers for %d addresses", len(all), len(pcs))
	}
	return all
}

func baseName(path string) string {
	if path == "" {
		return ""
	}
	return filepath.Base(path)
}

func lookup(b *block.Block, pc uint64) []block.Frame {
	frames, _, _ := b.Lookup(pc, nil)
	for i := range frames {
		frames[i].File = baseName(frames[i].File)
	}
	return frames
}

// aliases are the functions' names by address, as the block would have them.
func aliases(t testing.TB, paths ...string) map[uint64][]string {
	t.Helper()
	names := make(map[uint64][]string)
	for _, path := range paths {
		f, err := elf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		symbols, _ := f.Symbols()
		dynamic, _ := f.DynamicSymbols()
		for _, s := range append(symbols, dynamic...) {
			if elf.ST_TYPE(s.Info) == elf.STT_FUNC || elf.ST_TYPE(s.Info) == elf.STT_GNU_IFUNC {
				names[s.Value] = append(names[s.Value], symindex.Shown(s.Name))
			}
		}
		f.Close()
	}
	return names
}

// difference is the class of a difference between our chain and theirs: equal
// where there is none.
func difference(ours, theirs []block.Frame, here []string) string {
	if len(theirs) == 1 && theirs[0].Func == "" && theirs[0].Line == 0 {
		theirs = nil
	}
	if len(ours) != len(theirs) {
		return fmt.Sprintf("%d calls, not %d", min(len(ours), 9), min(len(theirs), 9))
	}
	kind := "equal"
	for i := range ours {
		a, b := ours[i], theirs[i]
		switch {
		case a.Near && b.Line == 0:
			// Theirs is no line; ours is marked.
		case a.Line != b.Line:
			return "line"
		case a.File != b.File && b.Line != 0:
			return "file"
		}
		if a.Func != b.Func {
			if i < len(ours)-1 || !slices.Contains(here, a.Func) {
				return "name"
			}
			kind = "alias" // another name of the address
		}
	}
	return kind
}

// compareToOracle builds the block of a file and counts the classes of differences
// at random addresses; it logs some of each.
func compareToOracle(t testing.TB, path, debug string, n int, opts symindex.Options) (share float64, kinds map[string]int) {
	t.Helper()
	b, result := buildBlock(t, path, opts)
	if result.Problem != nil {
		t.Errorf("%s: %v", path, result.Problem)
	}
	pcs := randomPCs(t, debug, n, opts.Exclude)
	theirs := symbolize(t, debug, pcs)
	names := aliases(t, path, debug)
	kinds = make(map[string]int)
	for i, pc := range pcs {
		ours, start, _ := b.Lookup(pc, nil)
		for k := range ours {
			ours[k].File = baseName(ours[k].File)
		}
		kind := difference(ours, theirs[i], names[start])
		if kinds[kind]++; kind != "equal" && kind != "alias" && kinds[kind] <= 3 {
			t.Logf("%s: %s at 0x%x:\n ours   %+v\n theirs %+v\n names %q", path, kind, pc, ours, theirs[i], names[start])
		}
	}
	return float64(kinds["equal"]+kinds["alias"]) / float64(len(pcs)), kinds
}

// debugSections is the part of a file that holds its debug information.
func debugSections(t testing.TB, path string) (low, high int) {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	low = math.MaxInt
	for _, s := range f.Sections {
		if strings.HasPrefix(s.Name, ".debug_") && s.Name != ".debug_loclists" {
			low, high = min(low, int(s.Offset)), max(high, int(s.Offset+s.FileSize))
		}
	}
	return low, high
}
