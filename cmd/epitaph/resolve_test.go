//go:build linux

package main

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// crashed is a report of a program that was stripped, loaded at an address that
// its file does not have, in the middle of other text.
func crashed(t *testing.T, path, id string) string {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range symbols {
		if s.Name == "inner" {
			const bias = 0x555555000000
			pc := bias + s.Value
			return fmt.Sprintf(`server: listening
Fatal Go error: Segmentation fault

Current thread 0x00007f0000000001 [a, 17] (most recent call first):
  Binary file "/srv/a", at +0x%x [0x%016x]

Modules:
  0x%016x-0x%016x /srv/a build-id %s
End of report (complete, 1 bytes, 1.0 ms)
server: gone
`, s.Value, pc, uint64(bias), uint64(bias+0x100000), id)
		}
	}
	t.Fatal("no inner")
	return ""
}

func TestResolve(t *testing.T) {
	const id = "11223344556677"
	path := compiled(t, "-g", "-O1", "-pie", "-fPIE", "-Wl,--build-id=0x"+id)
	text := crashed(t, path, id)
	dir, empty := t.TempDir(), t.TempDir()
	ok(t, "index", path, "-o", filepath.Join(dir, "a.episym"))
	file := filepath.Join(empty, "report")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("  File %q, line 2 in inner", filepath.Join(filepath.Dir(path), "a.c"))
	for name, o := range map[string]outcome{
		"by the block": epitaph("", "resolve", file, "-debug", empty, "-debug", dir),
		"by the file":  epitaph(text, "resolve", "-debug", filepath.Dir(path), "-"),
	} {
		if o.status != 0 || o.stderr != "" || !strings.Contains(o.stdout, want) || strings.Contains(o.stdout, "server") {
			t.Errorf("%s: status %d, %s\n%s\nwant %s", name, o.status, o.stderr, o.stdout, want)
		}
	}
	o := epitaph("", "resolve", file)
	if o.status != exitFailure || !strings.Contains(o.stderr, "/srv/a") || !strings.Contains(o.stdout, `Binary file "/srv/a"`) {
		t.Errorf("with nothing: status %d, %s\n%s", o.status, o.stderr, o.stdout)
	}
}

// TestResolveWithoutSymbols: the file is there and does not have the function, which is no success.
func TestResolveWithoutSymbols(t *testing.T) {
	const id = "11223344556688"
	path := compiled(t, "-g", "-O1", "-pie", "-fPIE", "-Wl,--build-id=0x"+id)
	text := strings.ReplaceAll(crashed(t, path, id), "/srv/a", path)
	if out, err := exec.Command("strip", "-K", "main", path).CombinedOutput(); err != nil {
		t.Fatalf("strip: %v: %s", err, out)
	}
	o := epitaph(text, "resolve", "-")
	if o.status != exitFailure || !strings.Contains(o.stderr, path+" was stripped, and no symbols of it were found") {
		t.Errorf("status %d, %q", o.status, o.stderr)
	}
}
