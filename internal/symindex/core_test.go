package symindex_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/symindex"
)

// core builds the look-up of the C core as a program.
func core(t testing.TB) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "look")
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	out, err := exec.Command(cc, "-O2", "-D_GNU_SOURCE", "-fno-stack-protector", "-I../../native/image", "-o", program,
		"../../tests/native/look_symblock.c", "../../native/image/symblock.c").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// ask gives addresses to the core's look-up in a block.
func ask(t testing.TB, block []byte, pcs []uint64, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "block")
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	var in bytes.Buffer
	for _, pc := range pcs {
		fmt.Fprintf(&in, "%x\n", pc)
	}
	cmd := exec.Command(core(t), append([]string{file}, args...)...)
	cmd.Stdin = &in
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// The core says what Go does, at each address and around the functions.
func TestCoreSaysTheSame(t *testing.T) {
	files := []string{linesELF, encodings[0].make(t)}
	if path := os.Getenv("EPITAPH_SYMBOLS_FILE"); path != "" {
		files = append(files, path)
	}
	for _, path := range files {
		b, result := buildBlock(t, path, symindex.Options{Budget: 256 << 20})
		pcs := []uint64{0, 1, 1 << 40, 1<<64 - 1}
		for i := range min(b.Parts(), 20000) {
			pcs = append(pcs, b.Part(i)-1, b.Part(i))
		}
		pcs = append(pcs, randomPCs(t, path, 10000, symindex.Range{})...)
		var want strings.Builder
		for _, pc := range pcs {
			fmt.Fprintf(&want, "0x%x\n", pc)
			frames, _, _ := b.Lookup(pc, nil)
			for _, f := range frames {
				fmt.Fprintf(&want, " %s|%s|%d|%d|%d\n", f.Func, f.File, f.Line, number(f.Inlined), number(f.Near))
			}
		}
		if got := ask(t, result.Data, pcs); got != want.String() {
			gots, wants := strings.Split(got, "\n"), strings.Split(want.String(), "\n")
			for i := range wants {
				if i >= len(gots) || gots[i] != wants[i] {
					t.Fatalf("%s: line %d: %q, want %q", path, i, gots[min(i, len(gots)-1)], wants[i])
				}
			}
			t.Fatalf("%s: %d lines, want %d", path, len(gots), len(wants))
		}
	}
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// BenchmarkCoreLookup measures the look-up after a fault: the time is that of the
// thread, taken in C.
func BenchmarkCoreLookup(b *testing.B) {
	path, _ := benchFile(b)
	_, result := buildBlock(b, path, symindex.Options{Budget: 256 << 20})
	pcs := randomPCs(b, path, 10000, symindex.Range{})
	var ns, calls float64
	for b.Loop() {
		if _, err := fmt.Sscan(ask(b, result.Data, pcs, strconv.Itoa(20)), &ns, &calls); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(ns, "ns/lookup")
	b.ReportMetric(calls, "calls/lookup")
	b.ReportMetric(0, "ns/op")
}

var update = flag.Bool("update", false, "write the seeds of the C fuzzer anew")

// The C fuzzer begins with the block of testdata/lines.elf.
func TestFuzzerSeed(t *testing.T) {
	const seed = "../../tests/native/corpus/symblock/seed-lines"
	_, result := buildBlock(t, linesELF, symindex.Options{})
	if *update {
		if err := os.WriteFile(seed, result.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(seed)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, result.Data) {
		t.Errorf("%s is not what the builder makes today: run the test with -update", seed)
	}
}
