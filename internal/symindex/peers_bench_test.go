//go:build linux

package symindex_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/symindex"
)

// The benchmarks here hold Build and the core's look-up against programs and libraries that do
// the same, where they are installed: in one run, on the same file. A process of its own
// tells the peak of memory; processor time counts, not the clock.

// used is what a process took.
func used(b *testing.B, cmd *exec.Cmd) (cpu time.Duration, peak int64) {
	b.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %v\n%.500s", cmd, err, out)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), usage.Maxrss << 10
}

// buildOnce is set in the process of BenchmarkBuildAlone.
const buildOnce = "EPITAPH_SYMBOLS_BUILD_ONCE"

// TestBuildOnce is what BenchmarkBuildAlone runs: it builds a block and says how large it is.
func TestBuildOnce(t *testing.T) {
	path, out, ok := strings.Cut(os.Getenv(buildOnce), "|")
	if !ok {
		t.Skip("for the benchmark")
	}
	result, err := symindex.Build(path, symindex.Options{Budget: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(out, result.Data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// plainCopy is the file with its DWARF inflated.
func plainCopy(b *testing.B, path string) string {
	b.Helper()
	plain := filepath.Join(b.TempDir(), "plain")
	if out, err := exec.Command("objcopy", "--decompress-debug-sections", path, plain).CombinedOutput(); err != nil {
		b.Skipf("objcopy: %v\n%s", err, out)
	}
	return plain
}

// BenchmarkPeers builds the same file's symbols, plain and compressed: MB/s of DWARF by
// processor time, the peak of memory, the size of what comes out.
func BenchmarkPeers(b *testing.B) {
	path, _ := benchFile(b)
	plain := plainCopy(b, path)
	zlib := filepath.Join(b.TempDir(), "zlib")
	if out, err := exec.Command("objcopy", "--compress-debug-sections=zlib", plain, zlib).CombinedOutput(); err != nil {
		b.Skipf("objcopy: %v\n%s", err, out)
	}
	size := dwarfSize(b, plain)
	for _, file := range []struct{ name, path string }{{"plain", plain}, {"zlib", zlib}} {
		out := filepath.Join(b.TempDir(), "out")
		commands := map[string]func() *exec.Cmd{
			"epitaph": func() *exec.Cmd {
				cmd := exec.Command(os.Args[0], "-test.run=^TestBuildOnce$")
				cmd.Env = append(os.Environ(), buildOnce+"="+file.path+"|"+out)
				return cmd
			},
		}
		for _, name := range []string{"llvm-gsymutil", "llvm-gsymutil-14"} {
			if program, err := exec.LookPath(name); err == nil {
				commands["gsymutil"] = func() *exec.Cmd {
					return exec.Command(program, "--convert="+file.path, "--out-file="+out, "--num-threads=1")
				}
			}
		}
		for name, command := range commands {
			b.Run(file.name+"/"+name, func(b *testing.B) {
				var cpu time.Duration
				var peak int64
				for b.Loop() {
					c, p := used(b, command())
					cpu += c
					peak = max(peak, p)
				}
				info, err := os.Stat(out)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(size)*float64(b.N)/1e6/cpu.Seconds(), "MB/s-cpu")
				b.ReportMetric(float64(peak)/1e6, "MB-peak")
				b.ReportMetric(100*float64(info.Size())/float64(size), "%ofDWARF")
			})
		}
	}
}

// dladdrC looks the addresses of its standard input up, which are relative to where the
// library is loaded, and prints the nanoseconds that one takes.
const dladdrC = `
#include <dlfcn.h>
#include <inttypes.h>
#include <link.h>
#include <stdio.h>
#include <time.h>
int main(int argc, char **argv)
{
    static uintptr_t at[100000];
    struct link_map *map = dlopen(argv[1], RTLD_NOW);
    size_t n = 0, found = 0;
    struct timespec a, b;
    Dl_info info;
    if (argc < 2 || map == NULL)
        return 1;
    while (n < 100000 && scanf("%" SCNxPTR, &at[n]) == 1)
        at[n++] += map->l_addr;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
    for (size_t i = 0; i < n; i++)
        found += dladdr((void *)at[i], &info) != 0 && info.dli_sname != NULL;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
    printf("%f %zu\n", ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / n, found);
    return n == 0;
}
`

// largeLibrary is one with many symbols.
func largeLibrary(b *testing.B) string {
	b.Helper()
	if path := os.Getenv("EPITAPH_SYMBOLS_LIBRARY"); path != "" {
		return path
	}
	for _, pattern := range []string{"/usr/lib/*/libLLVM*.so*", "/usr/lib/*/libclang*.so*", "/usr/lib/*/libstdc++.so.6"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[0]
		}
	}
	b.Skip("no large library is installed")
	return ""
}

// BenchmarkBesideDladdr is a look-up by the C core, beside dladdr, which has exported names alone.
func BenchmarkBesideDladdr(b *testing.B) {
	library := largeLibrary(b)
	program := filepath.Join(b.TempDir(), "dladdr")
	cc := exec.Command("cc", "-D_GNU_SOURCE", "-O2", "-x", "c", "-o", program, "-", "-ldl")
	cc.Stdin = strings.NewReader(dladdrC)
	if out, err := cc.CombinedOutput(); err != nil {
		b.Skipf("cc: %v\n%s", err, out)
	}
	_, result := buildBlock(b, library, symindex.Options{Budget: 256 << 20})
	pcs := randomPCs(b, library, 2000, symindex.Range{})
	var addresses strings.Builder
	for _, pc := range pcs {
		fmt.Fprintf(&addresses, "%x\n", pc)
	}
	var core, calls, peer float64
	var found int
	for b.Loop() {
		if _, err := fmt.Sscan(ask(b, result.Data, pcs, "20"), &core, &calls); err != nil {
			b.Fatal(err)
		}
		cmd := exec.Command(program, library)
		cmd.Stdin = strings.NewReader(addresses.String())
		out, err := cmd.Output()
		if err != nil {
			b.Skipf("%s cannot be loaded: %v", library, err)
		}
		if _, err := fmt.Sscan(string(out), &peer, &found); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(core, "ns/look-up")
	b.ReportMetric(peer, "ns/dladdr")
	b.ReportMetric(peer/core, "ratio")
}
