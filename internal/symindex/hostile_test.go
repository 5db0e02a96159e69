package symindex_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/epitaph-go/epitaph/internal/symindex"
	"github.com/epitaph-go/epitaph/internal/symindex/dwarf"
)

// function begins a file with a function of 64 bytes, and abbreviation 1, a unit.
const function = `
	.text
	.globl f
	.type f,@function
f:	.fill 64,1,0x90
	.size f,.-f
	.section .debug_abbrev
	.uleb128 1, 0x11
	.byte 1
`

// manyEntries is a unit with 200 000 entries of one byte each, of abbreviation 2.
const manyEntries = `
	.section .debug_info
	.long 2f-1f
1:	.short 5
	.byte 1, 8
	.long 0
	.uleb128 1
	.byte 12
	.fill 200000,1,2
	.byte 0
2:
`

// manyRanges has 200 000 functions of one byte of DWARF each, all of which name one
// list of 10 000 ranges.
const manyRanges = function + `
	.uleb128 0x13, 0x0b, 0, 0
	.uleb128 2, 0x2e
	.byte 0
	.uleb128 0x55, 0x21
	.sleb128 0
	.uleb128 0, 0, 0
` + manyEntries + `
	.section .debug_rnglists
	.rept 10000
	.byte 7
	.quad f
	.byte 8
	.endr
	.byte 0
`

// manyAttributes has 200 000 entries of one byte, with 10 000 attributes each.
const manyAttributes = function + `
	.uleb128 0x13, 0x0b, 0, 0
	.uleb128 2, 0x2e
	.byte 0
	.rept 10000
	.uleb128 0x3f, 0x19
	.endr
	.uleb128 0, 0, 0
` + manyEntries

// head has a function, and abbreviation 1, a unit with a line program. Others may follow.
const head = function + `
	.uleb128 0x13, 0x0b, 0x10, 0x17, 0, 0
`

// unit begins one of DWARF 4, for the contents that follow, up to label 2.
const unit = `
	.long 2f-1f
1:	.short 4
	.long 0
	.byte 8
	.uleb128 1
	.byte 12
	.long 0
`

// lineProgram has 100 000 rows.
const lineProgram = `
	.section .debug_line
	.long 4f-3f
3:	.short 3
	.long 6f-5f
5:	.byte 1, 1, -5, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1
	.byte 0
	.asciz "f.c"
	.uleb128 0, 0, 0
	.byte 0
6:	.byte 0, 9, 2
	.quad f
	.fill 100000,1,0x13
	.byte 0, 1, 1
4:
`

// hostile is DWARF that says little and means much.
var hostile = map[string]string{
	"ranges":     manyRanges,
	"attributes": manyAttributes,
	// 10 000 units name one line program.
	"line program": head + "\t.byte 0\n\t.section .debug_info\n\t.rept 10000\n" + unit + "2:\n\t.endr\n" + lineProgram,
	// 10 000 units name 128 tables in turns, which end with the same 20 000 abbreviations.
	"abbreviations": `
	.text
	.globl f
	.type f,@function
f:	.fill 64,1,0x90
	.size f,.-f
	.section .debug_abbrev
	.rept 128
	.uleb128 1, 0x11
	.byte 0
	.uleb128 0x13, 0x0b, 0, 0
	.endr
	.set code, 2
	.rept 20000
	.uleb128 code, 0x2e
	.byte 0, 0, 0
	.set code, code+1
	.endr
	.byte 0
	.section .debug_info
	.set number, 0
	.rept 10000
	.long 2f-1f
1:	.short 4
	.long number % 128 * 7
	.byte 8
	.uleb128 1
	.byte 12
2:
	.set number, number+1
	.endr
`,
	// An entry whose sibling is itself, 100 000 times.
	"siblings": head + `
	.uleb128 2, 0x13
	.byte 1
	.uleb128 0x01, 0x13, 0, 0
	.byte 0
	.section .debug_info
` + unit + `
	.rept 100000
	.uleb128 2
	.long .-.debug_info-1
	.endr
2:
`,
	// 100 000 functions whose origins go round in a circle.
	"origins": head + `
	.uleb128 2, 0x2e
	.byte 0
	.uleb128 0x31, 0x13, 0x11, 0x01, 0x12, 0x06, 0, 0
	.byte 0
	.section .debug_info
` + unit + `
	.set at, 17
	.rept 100000
	.uleb128 2
	.long at % 1700000 + 17
	.quad f
	.long 1
	.set at, at+17
	.endr
2:
`,
	// 200 000 blocks, each in the one before.
	"depth": head + `
	.uleb128 2, 0x0b
	.byte 1, 0, 0
	.byte 0
	.section .debug_info
` + unit + `
	.fill 200000,1,2
2:
`,
	// 100 000 imports of the unit itself.
	"imports": head + `
	.uleb128 2, 0x3d
	.byte 0
	.uleb128 0x18, 0x10, 0, 0
	.byte 0
	.section .debug_info
` + unit + `
	.rept 100000
	.uleb128 2
	.long 11
	.endr
2:
`,
}

// exhausting are those that cannot be read to their ends for what they are worth.
var exhausting = map[string]bool{"ranges": true, "attributes": true, "line program": true, "abbreviations": true}

// assemble makes a library of a source.
func assemble(t *testing.T, source string, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "a.s"), filepath.Join(dir, "a.so")
	if err := os.WriteFile(in, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-shared", "-nostdlib", "-o", out, in}, flags...)
	if msg, err := exec.Command("gcc", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	return out
}

// fileSize is that of a file.
func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// work builds a file's block, which must have f, and counts what that took. It is counted, not
// timed: a slow machine is no failure.
func work(t *testing.T, path string) (amount int64, problem error) {
	t.Helper()
	slices := int64(0)
	b, result := buildBlock(t, path, symindex.Options{Yield: func() { slices++ }})
	if frames, _, ok := b.Lookup(b.Part(0), nil); !ok || frames[0].Func != "f" {
		t.Errorf("%+v", frames)
	}
	return slices * dwarf.Slice, result.Problem
}

// What a hostile file can make the reader do again and again is bounded; the
// symbols are there all the same.
func TestHostileDWARFCostsBoundedWork(t *testing.T) {
	for name, source := range hostile {
		t.Run(name, func(t *testing.T) {
			path := assemble(t, source)
			size := fileSize(t, path)
			amount, problem := work(t, path)
			t.Logf("%d bytes cost %d: %v", size, amount, problem)
			// What is spent is looked at between two steps, none larger than the file.
			if most := symindex.MostWork(size); amount > most+size {
				t.Errorf("%d, of %d that %d bytes are worth", amount, most, size)
			}
			if exhausting[name] != errors.Is(problem, dwarf.ErrWork) {
				t.Errorf("problem: %v", problem)
			}
		})
	}
}

// A section may inflate to 64 times its file, and is worth no more than that. What claims
// more is not read at all.
func TestBombsCostBoundedWork(t *testing.T) {
	for name, test := range map[string]struct {
		entries int
		read    bool
	}{"within": {1 << 19, true}, "beyond": {8 << 20, false}} {
		t.Run(name, func(t *testing.T) {
			source := head + "\t.uleb128 2, 0x2e\n\t.byte 0, 0, 0\n\t.byte 0\n\t.section .debug_info\n" +
				unit + fmt.Sprintf("\t.fill %d,1,2\n2:\n", test.entries)
			path := assemble(t, source, "-Wl,--compress-debug-sections=zlib")
			size := fileSize(t, path)
			amount, problem := work(t, path)
			t.Logf("%d bytes cost %d: %v", size, amount, problem)
			if most := symindex.MostWork(64 * size); amount > most {
				t.Errorf("%d, of %d that 64 * %d bytes are worth", amount, most, size)
			}
			if test.read != (problem == nil) || !test.read && amount > 0 {
				t.Errorf("read: %v, and it cost %d", problem, amount)
			}
		})
	}
}

// A file that would keep its reader waiting is not opened.
func TestOnlyRegularFiles(t *testing.T) {
	if _, err := symindex.Build("/dev/null", symindex.Options{Budget: 1 << 20}); err == nil {
		t.Error("/dev/null was read")
	}
}
