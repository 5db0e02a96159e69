package crashtest

import (
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

// What cgo makes for a C function has that function's name in it, and is not it: a pattern
// must not fit when the function's own frame is lost.
func TestStubsAreLeftOut(t *testing.T) {
	const text = `Fatal error: Segmentation fault

Signal: SIGSEGV (11), SEGV_MAPERR (1): write to 0x0000000000000000, in the first page: a NULL pointer

Current thread 0x0000000000000001 [t, 1] (most recent call first):
  File "decode.c", line 17 in copy_plane
  File "/tmp/go-build/cgo-gcc-prolog", line 56 in _cgo_0123456789ab_Cfunc_decode_frame
  File "/go/src/runtime/asm_amd64.s", line 995 in runtime.asmcgocall
  File "_cgo_gotypes.go", line 59 in example.com/dec._Cfunc_decode_frame
  File "dec.go", line 19 in example.com/dec.Decode
`
	parsed, err := report.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r := &Result{Report: parsed}
	stack := r.outline(parsed.Current().Frames)
	for pattern, fits := range map[string]bool{
		"SIGSEGV\ncopy_plane\ndec.Decode": true, "SIGSEGV\n...\ndecode_frame\n...": false, "SIGSEGV\ncopy_plane\n*decode_frame\ndec.Decode": false,
	} {
		p, err := parsePattern(pattern, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, differences := align(p.items, stack, true); (differences == 0) != fits {
			t.Errorf("%q: %d differences in %+v", pattern, differences, stack)
		}
	}
}
