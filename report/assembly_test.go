package report

import "testing"

// As of_assembly in tests/native/test_origin.c.
func TestOriginOfAssembly(t *testing.T) {
	for _, c := range []struct {
		file string
		pc   Word // of C's
		want origin
	}{
		{"/usr/local/go/src/internal/bytealg/compare_amd64.s", 0, ofLibrary},
		{"/home/me/src/go/src/runtime/asm_amd64.s", 0, ofLibrary},
		{"runtime/asm_arm64.s", 0, ofLibrary}, // -trimpath
		{"/home/me/src/hash/sum_amd64.s", 0, ofProgram},
		{"/src/internal/simd/add_amd64.s", 0, ofProgram},
		{"/home/me/go/pkg/mod/example.com/x@v1.0.0/hash/sum_amd64.s", 0, ofProgram},
		{"example.com/x@v1.0.0/hash/sum_amd64.s", 0, ofProgram},
		{"/usr/src/hash/sum.s", 0x401000, ofProgram},
	} {
		f := &Frame{Kind: SourceFrame, File: c.file, Line: 1, Func: "cmpbody", PC: c.pc}
		if got := new(Report).originOf(f, "cmpbody", false); got != c.want {
			t.Errorf("%s: origin %d, want %d", c.file, got, c.want)
		}
	}
}
