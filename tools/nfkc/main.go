// Nfkc writes the table of internal/nfkc, out of golang.org/x/text/unicode/norm:
//
//	GOTOOLCHAIN=go1.27.0 go run ./nfkc > ../internal/nfkc/nfkc.table
//
// The version of Go decides which version of Unicode that package has: 1.27 has 17.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

func main() {
	if norm.Version != "17.0.0" {
		fmt.Fprintf(os.Stderr, "nfkc: golang.org/x/text has Unicode %s, want 17.0.0: see this command's comment\n", norm.Version)
		os.Exit(1)
	}
	if _, err := os.Stdout.Write(table()); err != nil {
		fmt.Fprintln(os.Stderr, "nfkc:", err)
		os.Exit(1)
	}
}

const (
	firstSyllable = 0xAC00 // of Hangul, which needs no table
	lastSyllable  = 0xD7A3
)

// run is a run of characters from one that have the same value, or consecutive ones.
type run struct {
	from, last rune
	value      []rune
}

// table encodes what internal/nfkc decodes; see the comments there.
func table() []byte {
	var mappings, classes []run
	var b, composed []byte
	last := rune(-1)
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if firstSyllable <= r && r <= lastSyllable || 0xD800 <= r && r <= 0xDFFF {
			continue
		}
		if to := []rune(norm.NFKD.String(string(r))); len(to) != 1 || to[0] != r {
			mappings = add(mappings, r, to, 1)
		}
		if c := norm.NFKD.PropertiesString(string(r)).CCC(); c != 0 {
			classes = add(classes, r, []rune{rune(c)}, 0)
		}
		parts := []rune(norm.NFD.String(string(r)))
		if len(parts) < 2 || norm.NFC.String(string(r)) != string(r) {
			continue
		}
		// The last part was added to what the others make.
		head := []rune(norm.NFC.String(string(parts[:len(parts)-1])))
		if len(head) != 1 {
			panic(fmt.Sprintf("%U has no pair", r))
		}
		composed = appendNumbers(composed, r-last-1, head[0], parts[len(parts)-1])
		last = r
	}
	b = appendNumbers(b, rune(len(mappings)))
	b = appendRuns(b, mappings, true)
	b = appendNumbers(b, rune(len(classes)))
	b = appendRuns(b, classes, false)
	return append(b, composed...)
}

// add adds r to the last run if it goes on there: with values of one character that
// grow by step.
func add(runs []run, r rune, value []rune, step rune) []run {
	if n := len(runs); n > 0 && len(value) == 1 {
		if l := &runs[n-1]; l.last == r-1 && len(l.value) == 1 && l.value[0]+step*(r-l.from) == value[0] {
			l.last = r
			return runs
		}
	}
	return append(runs, run{r, r, value})
}

func appendRuns(b []byte, runs []run, lengths bool) []byte {
	last := rune(-1)
	for _, r := range runs {
		b = appendNumbers(b, r.from-last-1, r.last-r.from)
		if lengths {
			b = appendNumbers(b, rune(len(r.value)))
		}
		b = appendNumbers(b, r.value...)
		last = r.last
	}
	return b
}

func appendNumbers(b []byte, numbers ...rune) []byte {
	for _, n := range numbers {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}
