package report_test

import (
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

// TestResolveVDSO: the kernel's module has no file, and nothing is wrong when a thread was in it.
func TestResolveVDSO(t *testing.T) {
	for _, path := range []string{"linux-vdso.so.1", "[vdso]"} {
		text := "Fatal error: Aborted\n\nSignal: SIGABRT (6), SI_TKILL (-6)\n\n" +
			"Current thread 0x0000000000001000 [demo, 1] (most recent call first):\n" +
			"  Binary file \"" + path + "\", at +0x956 [0x0000000000010956]\n\n" +
			"Modules:\n  0x0000000000010000-0x0000000000011542 " + path + " build-id 33876398737cab5446426103634a9c4cb686983b\n" +
			"End of report (complete, 100 bytes, 1 ms)\n"
		r, err := report.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Threads) != 1 || len(r.Threads[0].Frames) != 1 || len(r.Modules) != 1 {
			t.Fatalf("%s: not the report that was meant: %+v", path, r)
		}
		if err := report.Resolve(r, t.TempDir()); err != nil {
			t.Error(err)
		}
	}
}
