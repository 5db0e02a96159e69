//go:build linux && cgo

package crashtest_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// TestMessages has what each failure says.
func TestMessages(t *testing.T) {
	for test, parts := range map[string][]string{
		"TestFailEmpty": {"this one fits:", "Want(`", "SIGSEGV: write ", "copy_plane", "decode.c\n", "dec.Decode", "dec.go\n", "`)"},
		"TestFailElsewhere": {"killed by SIGSEGV as wanted, elsewhere than wanted (-wanted +got):", "+ memset\n", "  clear_plane ", "decode.c:",
			"- parse_header", ". decode_frame ", "  dec.Decode", ". dec.TestFailElsewhere", "report: ", "signature 1:"},
		"TestFailReturned":   {`the function returned, want SIGSEGV in decode_frame. If the crash is fixed, write: Want("ok")`},
		"TestFailHang":       {"hung for ", "want ok; it was in", "sleep\n", "wait_for_more ", "decode.c:", "decode_frame"},
		"TestFailSignal":     {"SIGABRT: ", "double free", ", want SIGSEGV\n", "drop_frame"},
		"TestFailCause":      {"killed by SIGSEGV as wanted, for another reason (-wanted +got):", "- read\n", "+ write "},
		"TestFailPattern":    {`the pattern begins with "segfault"`, "no other thread has this stack", `nothing matches "nothing"`},
		"TestFailOption":     {"in the new process: epitaph: WithMaxFrames: 0 is not positive"},
		"TestFailTwice":      {"Run was called a second time in this test", "use t.Run"},
		"TestFailOther":      {"the new process came to the Run of TestFailOther first"},
		"TestFailNotReached": {"did not come to this call of Run (exit 0)", "somewhere else"},
		"TestFailName":       {"did not come to this call of Run", "no tests to run"},
		"TestFailFailed":     {"the function has failed the test in the new process"},
		"TestFailSynctest":   {"does not work in a bubble of package synctest"},
	} {
		t.Run(test, func(t *testing.T) {
			t.Parallel()
			holds(t, fails(t, plain, test), parts...)
		})
	}
}

// TestCorpus: two inputs with one signature are one failure, with the smaller one.
func TestCorpus(t *testing.T) {
	t.Parallel()
	out := fails(t, plain, "TestFailCorpus")
	holds(t, out, "--- FAIL: TestFailCorpus", "SIGABRT", "drop_frame", "raw (1 bytes, 1 input)")
	holds(t, out, "--- FAIL: TestFailCorpus", "SIGSEGV", "copy_plane", "input: testdata/fuzz/FuzzCorpus/short (1 bytes, smallest of 2 inputs)", "signature 1:")
}

// TestGoldenFiles: a missing file is written beside, and fails; it is written in place only on request.
func TestGoldenFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	golden := filepath.Join(dir, "testdata", "crash", "TestFailGolden.golden")
	out := fails(t, plain, "TestFailGolden", in(dir))
	holds(t, out, "there is no testdata/crash/TestFailGolden.golden", "SIGABRT", "drop_frame")
	if _, err := os.Stat(golden + ".new"); err != nil {
		t.Error(err)
	}
	run := func(changes ...victim.Change) *victim.Outcome {
		return tests(t, plain, []string{"-test.run=^TestFailGolden$"}, append(changes, in(dir), victim.Env("DEC_FAILS=1"))...)
	}
	passes(t, run(victim.Args("-update")))
	passes(t, run())
	for _, lines := range []bool{true, false} {
		if err := os.Remove(golden); err != nil {
			t.Error(err)
		}
		set := victim.Env("DEC_LINES=" + strconv.FormatBool(lines))
		passes(t, run(victim.Env("CRASHTEST_UPDATE=1"), set))
		passes(t, run())
		if text, _ := os.ReadFile(golden); strings.Contains(string(text), "decode.c:") != lines || !strings.HasPrefix(string(text), "SIGABRT: double free\n") {
			t.Errorf("with lines: %v, it has\n%s", lines, text)
		}
	}
	// It is compared by value, and may be edited.
	edited := "SIGABRT: double free\n\n  drop_frame other.c\n  ...\n"
	if err := os.WriteFile(golden, []byte(edited), 0o666); err != nil {
		t.Fatal(err)
	}
	holds(t, run().Stdout, "testdata/crash/TestFailGolden.golden: killed by SIGABRT as wanted, elsewhere", "- drop_frame other.c")
	if err := os.WriteFile(golden, []byte("SIGABRT: double free\n\n  drop_frame decode.c\n  ...\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	passes(t, run(victim.Env("CRASHTEST_UPDATE=1")))
	if text, _ := os.ReadFile(golden); len(text) > 60 {
		t.Errorf("what fits was written anew:\n%s", text)
	}
}
