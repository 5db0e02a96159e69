package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/epitaph-go/epitaph/internal/nfkc"
)

// TestTable: the table is the one that this command writes.
func TestTable(t *testing.T) {
	if norm.Version != "17.0.0" {
		t.Skipf("golang.org/x/text has Unicode %s with this version of Go", norm.Version)
	}
	have, err := os.ReadFile("../../internal/nfkc/nfkc.table")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, table()) {
		t.Error("internal/nfkc/nfkc.table is not what this command writes")
	}
}

// known reports whether the Unicode of x/text knows r, as the table does.
func known(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z)
}

// TestEveryCharacter compares each character, and each followed by marks.
func TestEveryCharacter(t *testing.T) {
	for r := range rune(unicode.MaxRune) {
		if !known(r) {
			continue
		}
		for _, tail := range []string{"", "\u0301", "\u0323\u0301", "\u0301\u0323x\u0327", "\u1161", "\u11a8"} {
			s := string(r) + tail
			if got, want := nfkc.String(s), norm.NFKC.String(s); got != want {
				t.Fatalf("%+q: got %+q, want %+q", s, got, want)
			}
		}
	}
}

// TestRandom compares texts of the characters that change and combine.
func TestRandom(t *testing.T) {
	var some []rune
	for r := range rune(unicode.MaxRune) {
		if known(r) && (norm.NFKD.String(string(r)) != string(r) || norm.NFD.PropertiesString(string(r)).CCC() != 0) {
			some = append(some, r)
		}
	}
	for r := rune(0x1100); r < 0x1200; r++ {
		some = append(some, r) // the parts of Hangul
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		var rs []rune
		for range 1 + rnd.IntN(9) {
			r := some[rnd.IntN(len(some))]
			if rnd.IntN(3) == 0 {
				r = 'a' + rnd.Int32N(26)
			}
			rs = append(rs, r)
		}
		s := string(rs)
		got := nfkc.String(s)
		if want := norm.NFKC.String(s); got != want {
			t.Fatalf("%+q: got %+q, want %+q", s, got, want)
		}
		if nfkc.String(got) != got {
			t.Fatalf("%+q: not stable", s)
		}
	}
}
