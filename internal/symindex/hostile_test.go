package symindex_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/epitaph-go/epitaph/internal/symindex"
	"github.com/epitaph-go/epitaph/internal/symindex/dwarf"
)

// manyRanges has 200 000 functions of one byte of DWARF each, all of which name one
// list of 10 000 ranges.
const manyRanges = `
	.text
	.globl f
	.type f,@function
f:	.fill 64,1,0x90
	.size f,.-f
	.section .debug_abbrev
	.uleb128 1, 0x11
	.byte 1
	.uleb128 0x13, 0x0b, 0, 0
	.uleb128 2, 0x2e
	.byte 0
	.uleb128 0x55, 0x21
	.sleb128 0
	.uleb128 0, 0, 0
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
	.section .debug_rnglists
	.rept 10000
	.byte 7
	.quad f
	.byte 8
	.endr
	.byte 0
`

// manyAttributes has 200 000 entries of one byte, with 10 000 attributes each.
const manyAttributes = `
	.text
	.globl f
	.type f,@function
f:	.fill 64,1,0x90
	.size f,.-f
	.section .debug_abbrev
	.uleb128 1, 0x11
	.byte 1
	.uleb128 0x13, 0x0b, 0, 0
	.uleb128 2, 0x2e
	.byte 0
	.rept 10000
	.uleb128 0x3f, 0x19
	.endr
	.uleb128 0, 0, 0
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

// What a hostile file can make the reader do again and again is bounded; the
// symbols are there all the same.
func TestHostileDWARFCostsBoundedWork(t *testing.T) {
	for name, source := range map[string]string{"ranges": manyRanges, "attributes": manyAttributes} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			in, out := filepath.Join(dir, "a.s"), filepath.Join(dir, "a.so")
			if err := os.WriteFile(in, []byte(source), 0o600); err != nil {
				t.Fatal(err)
			}
			if msg, err := exec.Command("gcc", "-shared", "-nostdlib", "-o", out, in).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, msg)
			}
			// Counted, not timed: a slow machine is no failure.
			slices := int64(0)
			b, result := buildBlock(t, out, symindex.Options{Yield: func() { slices++ }})
			if result.Problem == nil {
				t.Error("it was read to the end")
			}
			info, err := os.Stat(out)
			if err != nil {
				t.Fatal(err)
			}
			if most := symindex.MostWork(info.Size()); slices*dwarf.Slice > most {
				t.Errorf("%d slices of %d, of %d that %d bytes are worth", slices, dwarf.Slice, most, info.Size())
			}
			if frames, _, ok := b.Lookup(b.Part(0), nil); !ok || frames[0].Func != "f" {
				t.Errorf("%+v", frames)
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
