package decode_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/crashtest"

	"example.com/ingest/decode"
)

func frame(in string) func() { return func() { decode.Frame([]byte(in)) } }

func TestFrame(t *testing.T) {
	for in, want := range map[string]int{"P\x02\x01abcd": 2, "Mkey\x00": 0, "G\x01P\x01\x01a": 1} {
		if rows, err := decode.Frame([]byte(in)); rows != want || err != nil {
			t.Errorf("%q: %d, %v", in, rows, err)
		}
	}
	if _, err := decode.Frame(nil); !errors.Is(err, decode.ErrFormat) {
		t.Error(err)
	}
}

// The five bugs. Who mends one makes its test Want("ok"), and keeps the input.

func TestNoPlanes(t *testing.T) {
	crashtest.Run(t, frame("P\x02\x00abcd")).Want(`
		SIGSEGV: write
		copy_plane      decode.c
		decode_picture  decode.c
		decode_frame    decode.c
		decode.Frame    decode.go
		...
	`)
}

func TestEmptyKey(t *testing.T) {
	crashtest.Run(t, frame("M\x00")).Want(`
		SIGABRT
		drop_key
		decode_metadata
		decode_frame
		decode.Frame
		...
	`)
}

func TestTooLarge(t *testing.T) {
	crashtest.Run(t, frame("P\x02\x01"+strings.Repeat("x", 100))).Want(`
		SIGABRT: size <= MAX_SIZE
		check_size
		decode_picture
		decode_frame
		decode.Frame
		...
	`)
}

func TestZeroWidth(t *testing.T) {
	crashtest.Run(t, frame("P\x00\x01abcd")).Want(`
		SIGFPE
		count_rows
		decode_picture
		decode_frame
		decode.Frame
		...
	`)
}

// How often a function calls itself before the stack is full depends on its size.
func TestEndlessGroup(t *testing.T) {
	crashtest.Run(t, frame("G\x00")).Want(`
		SIGSEGV: stack overflow
		parse_group
		...
		decode_frame
		decode.Frame
		...
	`)
}

// What a fuzzer has found: inputs that crash in one of the five ways, which testdata/known
// lists, and inputs that must not crash at all.
func TestCorpus(t *testing.T) {
	crashtest.Corpus(t, "testdata/corpus/*", func(in []byte) { decode.Frame(in) },
		crashtest.WithKnown("testdata/known"), crashtest.WithTimeout(5*time.Second))
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte("P\x02\x01abcd"))
	f.Add([]byte("Mkey\x00"))
	f.Fuzz(func(t *testing.T, in []byte) { decode.Frame(in) })
}
