package ship_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/cmd/epitaph/internal/ship"
	"github.com/epitaph-go/epitaph/internal/boxformat"
)

// box makes a black box of a program that crashed, with its report or without.
func box(t *testing.T, path string, pid int, report string) {
	t.Helper()
	b := make([]byte, boxformat.FileSize)
	header := boxformat.Header{
		PID: uint32(pid), StartTicks: 99, Started: 1_800_000_000_000_000_000, Opened: 1_800_000_001_000_000_000, OpenedMono: 5e9,
		BootID: "another", Program: "ingest", Executable: "/srv/ingest", Build: "go1.26.8 linux/amd64",
	}
	status := boxformat.Status{State: boxformat.StateReported, Signal: 11, Time: 1_800_000_002_000_000_000}
	copy(b, header.Encode())
	copy(b[boxformat.StatusOffset:], status.Encode())
	copy(b[boxformat.ReportOffset:], report)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestBox: the report in a black box is sent, once for each run of the program, and the
// box stays for the next one.
func TestBox(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ingest.box")
	server := newServer(t)
	r := sample(t, "segv")
	for run1 := range 2 {
		box(t, path, 4711+run1, r.String())
		for _, want := range []ship.Result{{Sent: 1}, {}} {
			run(t, newShipper(server, dir), want)
		}
		r.Process.Time = r.Process.Time.Add(time.Second)
	}
	if m := server.taken()[1]; m["epitaph.signature"] != r.Signature() || m["log.file.name"] != "ingest.box" {
		t.Errorf("record %v", m)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// TestBoxWithoutReport: how the program ended, and what the box has, is sent.
func TestBoxWithoutReport(t *testing.T) {
	dir := t.TempDir()
	box(t, filepath.Join(dir, "ingest.box"), 4711, "")
	server := newServer(t)
	run(t, newShipper(server, dir), ship.Result{Sent: 1})
	m := server.taken()[0]
	if m["exception.type"] != "crashed" || m["process.pid"] != "4711" || m["severity_text"] != "FATAL" || !strings.Contains(m["exception.stacktrace"].(string), "Program: ingest") {
		t.Errorf("record %v", m)
	}
}

// TestBoxAndFile: a report that is in a file and in a box is sent once, whichever is
// looked at first, and also if the file was sent before.
func TestBoxAndFile(t *testing.T) {
	dir := t.TempDir()
	r := sample(t, "segv")
	crashes(t, dir, r, 0, 1)
	server := newServer(t)
	box(t, filepath.Join(dir, "ingest.box"), r.Process.PID, r.String())
	run(t, newShipper(server, dir), ship.Result{Sent: 1})
	run(t, newShipper(server, dir), ship.Result{})
	if sent := names(t, dir, "*.sent"); len(sent) != 1 || !strings.HasSuffix(sent[0], ".crash.sent") {
		t.Errorf("sent are %q", sent)
	}
}
