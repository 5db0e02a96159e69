//go:build linux

package symindex_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/symindex"
	"github.com/epitaph-go/epitaph/internal/symindex/offheap"
)

// framesLibrary is a library whose C code has no call frame information but in .debug_frame.
func framesLibrary(t testing.TB, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	source, library := filepath.Join(dir, "f.c"), filepath.Join(dir, "f.so")
	code := "int g(int *);\nint f(int a) { int b[20] = {a}; return g(b) + b[a]; }\n" +
		"__attribute__((noinline)) static int h(int a) { return f(a) * 2; }\nint k(int a) { return h(a) + h(a + 1) + 3; }\n"
	if err := os.WriteFile(source, []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("cc"); err != nil {
		t.Skip(err)
	}
	args := append([]string{"-shared", "-fPIC", "-O1", "-fno-asynchronous-unwind-tables", "-fno-exceptions", "-o", library, source}, flags...)
	if out, err := exec.Command("cc", args...).CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	return library
}

// framesOf are the first and the last address of each entry of the table that Frames makes.
func framesOf(t *testing.T, memory []byte) (ranges [][2]uint64) {
	t.Helper()
	base := uint64(uintptr(unsafe.Pointer(unsafe.SliceData(memory))))
	if string(memory[:4]) != "\x01\xff\x03\x00" {
		t.Fatalf("head % x", memory[:4])
	}
	word := func(at uint64) uint64 { return binary.LittleEndian.Uint64(memory[at:]) }
	for i := range uint64(binary.LittleEndian.Uint32(memory[4:])) {
		start, fde := word(8+16*i), word(8+16*i+8)-base
		if word(fde+8) != start {
			t.Errorf("the entry of %#x begins at %#x", start, word(fde+8))
		}
		ranges = append(ranges, [2]uint64{start, start + word(fde+16)})
		back := uint64(binary.LittleEndian.Uint32(memory[fde+4:]))
		if cie := fde + 4 - back; binary.LittleEndian.Uint32(memory[cie+4:]) != 0 {
			t.Errorf("the entry of %#x has no CIE", start)
		}
	}
	return ranges
}

// TestFrames wants the entries that readelf shows.
func TestFrames(t *testing.T) {
	entry := regexp.MustCompile(`FDE cie=[0-9a-f]+ pc=([0-9a-f]+)\.\.([0-9a-f]+)`)
	if _, err := exec.LookPath("readelf"); err != nil {
		t.Skip(err)
	}
	for _, flags := range [][]string{{"-g"}, {"-g", "-gz=zlib"}, {"-g", "-gdwarf-2"}} {
		library := framesLibrary(t, flags...)
		out, err := exec.Command("readelf", "--debug-dump=frames", library).Output()
		if err != nil {
			t.Fatal(err)
		}
		const bias = 0x7f0000000000
		memory, err := symindex.Frames(library, bias, symindex.Options{})
		if err != nil {
			t.Fatal(flags, err)
		}
		got := framesOf(t, memory)
		offheap.Free(memory)
		var want [][2]uint64
		_, debug, _ := strings.Cut(string(out), "Contents of the .debug_frame")
		for _, m := range entry.FindAllStringSubmatch(debug, -1) {
			start, _ := strconv.ParseUint(m[1], 16, 64)
			end, _ := strconv.ParseUint(m[2], 16, 64)
			want = append(want, [2]uint64{start + bias, end + bias})
		}
		slices.SortFunc(want, func(a, b [2]uint64) int { return int(a[0]) - int(b[0]) })
		if len(want) < 3 || !slices.Equal(got, want) {
			t.Errorf("%v: %x, readelf has %x", flags, got, want)
		}
	}
	if _, err := symindex.Frames(framesLibrary(t), 0, symindex.Options{}); !errors.Is(err, symindex.ErrNoFrames) {
		t.Errorf("without -g: %v", err)
	}
	_, err := symindex.Frames(framesLibrary(t, "-g"), 0, symindex.Options{BuildID: []byte("another one")})
	if !errors.Is(err, symindex.ErrReplaced) {
		t.Errorf("another build-id: %v", err)
	}
}

// A damaged file gives an error or wrong entries, never a panic.
func TestFramesOfDamagedFiles(t *testing.T) {
	good, err := os.ReadFile(framesLibrary(t, "-g"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "damaged.so")
	random := rand.New(rand.NewPCG(1, 2))
	read := 0
	for range 500 {
		data := slices.Clone(good)
		for range 1 + random.IntN(30) {
			data[random.IntN(len(data))] = byte(random.Uint32())
		}
		if err := os.WriteFile(path, data[:len(data)-random.IntN(2)*random.IntN(len(data))], 0o600); err != nil {
			t.Fatal(err)
		}
		memory, err := symindex.Frames(path, 0, symindex.Options{})
		if err == nil {
			read++
			offheap.Free(memory)
		}
	}
	if read == 0 {
		t.Error("none could be read: the damage is too large to show anything")
	}
}

// strip copies a file without what strip removes.
func strip(t *testing.T, path string, flags ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "stripped.so")
	if _, err := exec.LookPath("strip"); err != nil {
		t.Skip(err)
	}
	if text, err := exec.Command("strip", append(flags, "-o", out, path)...).CombinedOutput(); err != nil {
		t.Fatalf("strip: %v\n%s", err, text)
	}
	return out
}

// A shipped block has no call frame information, and needs none: .eh_frame, which compilers
// write unless they are told not to, is loaded, and strip leaves it alone.
func TestStripLeavesUnwindTables(t *testing.T) {
	library := framesLibrary(t, "-g", "-fasynchronous-unwind-tables")
	contents := func(path string) (frames []byte, functions []elf.Symbol) {
		file, err := elf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		section := file.Section(".eh_frame")
		if section == nil {
			t.Fatalf("%s: no .eh_frame", path)
		}
		frames, err = section.Data()
		if err != nil {
			t.Fatal(err)
		}
		functions, _ = file.Symbols()
		return frames, functions
	}
	stripped := strip(t, library)
	whole, functions := contents(library)
	left, _ := contents(stripped)
	if !bytes.Equal(left, whole) {
		t.Errorf("strip has changed .eh_frame: %d bytes of %d", len(left), len(whole))
	}
	out, err := exec.Command("readelf", "--debug-dump=frames", stripped).Output()
	if err != nil {
		t.Skip(err)
	}
	for _, name := range []string{"f", "h", "k"} {
		i := slices.IndexFunc(functions, func(s elf.Symbol) bool { return s.Name == name })
		if i < 0 || !strings.Contains(string(out), fmt.Sprintf(" pc=%016x..", functions[i].Value)) {
			t.Errorf("%s is in no entry of .eh_frame:\n%s", name, out)
		}
	}
}

// Code that was built without .eh_frame keeps .debug_frame where strip is told so, or where its
// debug file is found by the build-id (docs/limits.md).
func TestFramesOfStripped(t *testing.T) {
	library := framesLibrary(t, "-g", "-Wl,--build-id=0x0123456789abcdef")
	frames := func(path string, dirs ...string) [][2]uint64 {
		memory, err := symindex.Frames(path, 0, symindex.Options{DebugDirs: dirs})
		if errors.Is(err, symindex.ErrNoFrames) {
			return nil
		}
		if err != nil {
			t.Fatal(err)
		}
		defer offheap.Free(memory)
		return framesOf(t, memory)
	}
	want := frames(library)
	if len(want) < 3 {
		t.Fatalf("%x", want)
	}
	if got := frames(strip(t, library, "--keep-section=.debug_frame")); !slices.Equal(got, want) {
		t.Errorf("strip --keep-section: %x, want %x", got, want)
	}
	stripped := strip(t, library)
	if got := frames(stripped); got != nil {
		t.Errorf("stripped: %x", got)
	}
	dirs := t.TempDir()
	debug := filepath.Join(dirs, ".build-id", "01", "23456789abcdef.debug")
	if err := os.MkdirAll(filepath.Dir(debug), 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("objcopy", "--only-keep-debug", library, debug).CombinedOutput(); err != nil {
		t.Fatalf("objcopy: %v\n%s", err, out)
	}
	if got := frames(stripped, dirs); !slices.Equal(got, want) {
		t.Errorf("with its debug file: %x, want %x", got, want)
	}
}
