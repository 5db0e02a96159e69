package symindex_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/symindex"
)

// An encoding is a way to build the program of testdata/cases.
type encoding struct {
	name, cc, cxx string
	flags         string
	link          string
	after         string // a shell command in the directory; the program is prog
	needs         string // a tool
	rare          bool   // built with EPITAPH_MATRIX=full only
}

var encodings = []encoding{
	{name: "dwarf5", flags: "-O2 -g -gdwarf-5"},
	{name: "macros", flags: "-O2 -g3", rare: true},
	{name: "dwarf4", flags: "-O2 -gdwarf-4"},
	{name: "dwarf64", flags: "-O2 -g -gdwarf64", rare: true},
	{name: "split5", flags: "-O2 -g -gsplit-dwarf"},
	{name: "split4", flags: "-O2 -gdwarf-4 -gsplit-dwarf", rare: true},
	{name: "dwp4", flags: "-O2 -gdwarf-4 -gsplit-dwarf", after: packed, needs: "llvm-dwp"},
	{name: "types", flags: "-O2 -g -fdebug-types-section"},
	{name: "dwz", flags: "-O2 -g", after: "dwz prog", needs: "dwz"},
	{name: "dwz-m", flags: "-O2 -g", after: "cp prog other && dwz -m common.debug prog other", needs: "dwz", rare: true},
	{name: "zlib", flags: "-O2 -g -gz=zlib"},
	{name: "zlib-gnu", flags: "-O2 -g", after: "objcopy --compress-debug-sections=zlib-gnu prog", rare: true},
	{name: "zstd", flags: "-O2 -g", after: "objcopy --compress-debug-sections=zstd prog"},
	{name: "debuglink", flags: "-O2 -g", after: "objcopy --only-keep-debug prog prog.debug && strip prog && objcopy --add-gnu-debuglink=prog.debug prog"},
}

// packed makes a .dwp. llvm-dwp 14 reads DWARF 5 of gcc for ever, only clang's.
const packed = "llvm-dwp outer.dwo plain.dwo main.dwo -o prog.dwp && rm *.dwo"

// others have code of their own: they are compared with the oracle only.
var others = []encoding{
	{name: "O0", flags: "-O0 -g", rare: true},
	{name: "dwarf2", flags: "-O2 -gdwarf-2", rare: true},
	{name: "dwarf3", flags: "-O2 -gdwarf-3", rare: true},
	{name: "g1", flags: "-O2 -g1", rare: true},
	{name: "lto", flags: "-O2 -g -flto"},
	{name: "sections", flags: "-O2 -g -ffunction-sections", link: "-Wl,--gc-sections", rare: true},
	{name: "clang5", cc: "clang", cxx: "clang++", flags: "-O2 -g -gdwarf-5"},
	{name: "clang4", cc: "clang", cxx: "clang++", flags: "-O2 -gdwarf-4", rare: true},
	{name: "clang-split", cc: "clang", cxx: "clang++", flags: "-O2 -g -gsplit-dwarf", rare: true},
	{name: "clang-dwp", cc: "clang", cxx: "clang++", flags: "-O2 -g -gdwarf-5 -gsplit-dwarf", after: packed, needs: "llvm-dwp"},
	{name: "clang-gmlt", cc: "clang", cxx: "clang++", flags: "-O2 -gmlt", rare: true},
	{name: "clang-lto", cc: "clang", cxx: "clang++", flags: "-O2 -g -flto", link: "-fuse-ld=lld", needs: "ld.lld", rare: true},
	{name: "clang-thin", cc: "clang", cxx: "clang++", flags: "-O2 -g -flto=thin", link: "-fuse-ld=lld", needs: "ld.lld", rare: true},
	{name: "lld-icf", flags: "-O2 -g -ffunction-sections", link: "-fuse-ld=lld -Wl,--icf=all,--gc-sections", needs: "ld.lld", rare: true},
}

// make builds the program and returns its path.
func (e *encoding) make(t testing.TB) string {
	t.Helper()
	if e.rare && os.Getenv("EPITAPH_MATRIX") != "full" {
		t.Skip("EPITAPH_MATRIX is not full")
	}
	cc, cxx := e.cc, e.cxx
	if cc == "" {
		cc, cxx = "gcc", "g++"
	}
	for _, tool := range []string{cc, cxx, e.needs} {
		if tool == "" {
			continue
		}
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	dir := filepath.Join(t.TempDir(), "build")
	if err := os.CopyFS(dir, os.DirFS("testdata/cases")); err != nil {
		t.Fatal(err)
	}
	// The same path in every build, or the lines' tables would differ by it.
	script := fmt.Sprintf(`set -e
%[2]s -std=c++17 %[3]s -ffile-prefix-map="$PWD"=/src -c outer.cc
for f in plain main; do %[1]s %[3]s -ffile-prefix-map="$PWD"=/src -c $f.c; done
gcc -g -Wa,--debug-prefix-map="$PWD"=/src -c sum.S
%[2]s %[3]s outer.o plain.o main.o sum.o -o prog -Wl,--build-id %[4]s
%[5]s
`, cc, cxx, e.flags, e.link, e.after)
	if strings.Contains(e.flags, "split") {
		// The .dwo is found by the directory that the skeleton names.
		script = strings.ReplaceAll(script, `-ffile-prefix-map="$PWD"=/src`, "")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", script)
	cmd.WaitDelay = time.Second
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		if e.needs != "" || strings.Contains(string(out), "zstd") {
			t.Skipf("%v\n%s", err, out)
		}
		t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(dir, "prog")
}

// One program in all the forms that its DWARF can have: each address has the same
// answer, to the byte.
func TestEncodingsGiveTheSameAnswers(t *testing.T) {
	notShort(t)
	var pcs []uint64
	var want []string
	for _, e := range encodings {
		t.Run(e.name, func(t *testing.T) {
			path := e.make(t)
			b, result := buildBlock(t, path, symindex.Options{})
			if result.Problem != nil {
				t.Error(result.Problem)
			}
			if pcs == nil {
				pcs = randomPCs(t, path, 2000, symindex.Range{})
			}
			bad := 0
			for i, pc := range pcs {
				got := fmt.Sprintf("%+v", lookup(b, pc))
				if i == len(want) {
					want = append(want, got)
				}
				if got != want[i] {
					if bad++; bad <= 3 {
						t.Errorf("0x%x: %s\nwant %s", pc, got, want[i])
					}
				}
			}
			if bad > 0 {
				t.Errorf("%d of %d addresses have another answer", bad, len(pcs))
			}
		})
	}
}

// wantShare is the share of addresses whose whole chain is that of the oracle.
const wantShare = 0.999

func TestEncodingsLikeLLVM(t *testing.T) {
	notShort(t)
	for _, e := range append(encodings[:1:1], others...) {
		t.Run(e.name, func(t *testing.T) {
			path := e.make(t)
			share, kinds := compareToOracle(t, path, path, 2000, symindex.Options{})
			t.Logf("%.3f %% equal: %v", 100*share, kinds)
			if share < wantShare {
				t.Errorf("%.3f %% equal, want %.1f", 100*share, 100*wantShare)
			}
		})
	}
}
