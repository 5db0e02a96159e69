package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestDamaged has reports with lines lost, doubled, swapped and spoilt: no command panics,
// and what they print is text without control characters.
func TestDamaged(t *testing.T) {
	files, err := filepath.Glob(samples + "*.crash")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	other := filepath.Join(dir, "other")
	for n := range 200 {
		text, err := os.ReadFile(files[n%len(files)])
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, "damaged")
		if err := os.WriteFile(file, damaged(random, text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"show", "-all", file}, {"html", file}, {"sig", "-parts", file}, {"diff", "-all", file, other}} {
			o := epitaph("", args...)
			if o.status == 2 {
				if args[0] != "html" { // several reports
					t.Fatalf("%d: %s: %s", n, args[0], o.stderr)
				}
				continue
			}
			bad := func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }
			if !utf8.ValidString(o.stdout) || strings.ContainsFunc(o.stdout, bad) {
				t.Fatalf("%d: %s prints what is no text", n, args[0])
			}
		}
		if err := os.Rename(file, other); err != nil {
			t.Fatal(err)
		}
	}
}

func damaged(random *rand.Rand, text []byte) []byte {
	lines := strings.SplitAfter(string(text), "\n")
	for range 1 + random.IntN(5) {
		i, k := 1+random.IntN(len(lines)-1), 1+random.IntN(len(lines)-1)
		switch line := []byte(lines[i]); random.IntN(5) {
		case 0:
			lines[i] = ""
		case 1:
			lines[i] = lines[k] + lines[i]
		case 2:
			lines[i], lines[k] = lines[k], lines[i]
		case 3:
			if len(line) > 1 {
				line[random.IntN(len(line)-1)] = byte(random.IntN(256))
				lines[i] = string(line)
			}
		case 4:
			if len(line) > 1 {
				lines[i] = string(line[:random.IntN(len(line))]) + "\n"
			}
		}
	}
	return []byte(strings.Join(lines, ""))
}
