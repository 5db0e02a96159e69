package blackbox_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/internal/boxformat"
)

const (
	opened     = 1_800_000_000_000_000_000 // 2027-01-15T08:00:00Z
	openedMono = 5_000_000_000
)

// box makes a box by hand: two snapshots, three breadcrumbs, an annotation.
func box(status boxformat.Status) []byte {
	b := make([]byte, boxformat.FileSize)
	header := boxformat.Header{
		PID: 4711, StartTicks: 99, Started: opened - 1e9, Opened: opened, OpenedMono: openedMono,
		BootID: "another", Program: "ingest", Executable: "/srv/ingest", Build: "go1.26.8 linux/amd64",
	}
	copy(b, header.Encode())
	copy(b[boxformat.StatusOffset:], status.Encode())
	for i, text := range []string{"one", "two\x1b[2J", strings.Repeat("x", 300)} {
		record := b[boxformat.NotesOffset+boxformat.CrumbsOffset+i*boxformat.CrumbSize:]
		binary.LittleEndian.PutUint64(record, uint64(2*i+2))
		binary.LittleEndian.PutUint64(record[boxformat.NoteTime:], openedMono+uint64(i)*1e9)
		binary.LittleEndian.PutUint32(record[boxformat.CrumbLength:], uint32(len(text)))
		if i > 0 {
			binary.LittleEndian.PutUint32(record[boxformat.CrumbThread:], 4712)
			binary.LittleEndian.PutUint64(record[boxformat.CrumbGoroutine:], uint64(7*(i-1)))
		}
		copy(record[boxformat.CrumbText:boxformat.CrumbSize], text)
	}
	record := b[boxformat.NotesOffset+boxformat.AnnotationsStart:]
	binary.LittleEndian.PutUint64(record, 2)
	binary.LittleEndian.PutUint64(record[boxformat.NoteTime:], openedMono)
	binary.LittleEndian.PutUint32(record[boxformat.KeyLength:], 7)
	binary.LittleEndian.PutUint32(record[boxformat.ValueLength:], 4)
	copy(record[boxformat.AnnotationKey:], "request")
	copy(record[boxformat.AnnotationValue:], "7f3a")
	for i := range 2 {
		slot := boxformat.Slot{
			Sequence: uint64(2*i + 2), Time: openedMono + uint64(i)*1e9, Real: opened + uint64(i)*1e9, Period: 1e9, Cost: 2e5,
			Goroutines: 7, Groups: 1, Resident: uint64(i+1) << 20, Threads: boxformat.Unknown, Runnable: boxformat.Unknown,
			Text: []byte("Goroutines ... (7 in all) [select] (most recent call first):\n  File \"a.go\", line 1 in main.f\n\n"),
		}
		slot.Encode(b[boxformat.SlotsOffset+i*boxformat.SlotSize:][:boxformat.SlotSize])
	}
	return b
}

func parse(t *testing.T, b []byte) *blackbox.Run {
	t.Helper()
	run, err := blackbox.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func TestParse(t *testing.T) {
	b := box(boxformat.Status{State: boxformat.StateReported, Signal: 11, Time: opened + 2e9})
	copy(b[boxformat.ReportOffset:], "Fatal error: Segmentation fault\n")
	run := parse(t, b)
	if run.Program != "ingest" || run.PID != 4711 || !run.Opened.Equal(time.Unix(1_800_000_000, 0)) || len(run.Damage) > 0 {
		t.Errorf("%+v", run)
	}
	if run.End.Kind != blackbox.Crashed || run.End.Signal != 11 || !run.End.Complete {
		t.Errorf("end %+v", run.End)
	}
	if string(run.Report) != "Fatal error: Segmentation fault\n" {
		t.Errorf("report %q", run.Report)
	}
	if n := len(run.Snapshots); n != 2 || run.Torn != 0 || run.Snapshots[1].Number != 1 || run.Snapshots[1].Figures.Resident != 2<<20 || run.Snapshots[1].Figures.Threads != -1 {
		t.Errorf("snapshots %+v", run.Snapshots)
	}
	if len(run.Breadcrumbs) != 3 || run.Breadcrumbs[0].Text != "one" || !run.Breadcrumbs[2].Cut || len(run.Breadcrumbs[2].Text) != 224 ||
		!run.Breadcrumbs[1].Time.Equal(time.Unix(1_800_000_001, 0)) {
		t.Errorf("breadcrumbs %+v", run.Breadcrumbs)
	}
	if len(run.Annotations) != 1 || run.Annotations[0].Key != "request" || run.Annotations[0].Value != "7f3a" {
		t.Errorf("annotations %+v", run.Annotations)
	}
}

func TestWriteTo(t *testing.T) {
	b := box(boxformat.Status{State: boxformat.StateClean, Time: opened + 2e9})
	var text strings.Builder
	if _, err := parse(t, b).WriteTo(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Program: ingest (/srv/ingest), process 4711\n",
		"End: clean, 2027-01-15T08:00:02.000Z, handler.Disable was called\n",
		"  2.000 s before: resident 1.0 MiB, ", "  1.000 s before: resident 2.0 MiB, ",
		"\nGoroutines: 7, snapshot 1.000 s old, in 1 group\n\nGoroutines ... (7 in all) [select] (most recent call first):\n",
		"  request = 7f3a\n", "  1.000 s before: two\\x1b[2J (thread 4712)\n", "xxx... (thread 4712, goroutine 7)\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in:\n%s", want, &text)
		}
	}
}

// TestEndInWords: the details of the ends that a person has to act on.
func TestEndInWords(t *testing.T) {
	for want, status := range map[string]boxformat.Status{
		"SIGSEGV, report complete":                {State: boxformat.StateReported, Signal: 11},
		"SIGABRT, report incomplete":              {State: boxformat.StateCrashed, Signal: 6},
		"a panic or fatal error, report complete": {State: boxformat.StateReported},
		"without a trace; this machine has been started again since, or it ran on another one": {State: boxformat.StateRunning},
	} {
		if got := parse(t, box(status)).End.Detail; got != want && !strings.HasPrefix(got, "without a trace; this machine cannot tell") {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// The mark is missing, and the box is of another run of this machine, or of another
// machine: its process may still run there.
func TestEndElsewhere(t *testing.T) {
	run := parse(t, box(boxformat.Status{State: boxformat.StateRunning}))
	if run.End.Kind != blackbox.Unknown || run.End.Detail == "" {
		t.Errorf("end %+v, want unknown", run.End)
	}
	// The last sign of life is the last breadcrumb.
	if !run.End.Time.Equal(time.Unix(1_800_000_002, 0)) {
		t.Errorf("time %v", run.End.Time)
	}
}

func TestTorn(t *testing.T) {
	b := box(boxformat.Status{State: boxformat.StateRunning})
	b[boxformat.SlotsOffset+boxformat.SlotSize+300]++ // in the second slot's text
	b[boxformat.NotesOffset+boxformat.CrumbsOffset]++ // the first breadcrumb is being written
	run := parse(t, b)
	if len(run.Snapshots) != 1 || run.Torn != 1 || len(run.Breadcrumbs) != 2 {
		t.Errorf("%d snapshots, %d torn, %d breadcrumbs", len(run.Snapshots), run.Torn, len(run.Breadcrumbs))
	}
	// Every single byte of a slot counts.
	for i := range boxformat.SlotHeader + 90 {
		b := box(boxformat.Status{})
		b[boxformat.SlotsOffset+boxformat.SlotSize+i] ^= 0x10
		if run := parse(t, b); len(run.Snapshots) != 1 || run.Torn != 1 {
			t.Fatalf("byte %d of a slot may be anything", i)
		}
	}
}

// changing gives other notes at the second reading, as a running program does.
type changing struct {
	*bytes.Reader
	after []byte
}

func (c *changing) ReadAt(b []byte, at int64) (int, error) {
	if at == boxformat.NotesOffset && len(b) == boxformat.NotesSize {
		return bytes.NewReader(c.after).ReadAt(b, at)
	}
	return c.Reader.ReadAt(b, at)
}

func TestReadWhileWritten(t *testing.T) {
	before, after := box(boxformat.Status{}), box(boxformat.Status{})
	record := after[boxformat.NotesOffset+boxformat.CrumbsOffset+boxformat.CrumbSize:]
	binary.LittleEndian.PutUint64(record, 2*(1+boxformat.Crumbs)+2) // a turn later
	run, err := blackbox.Read(&changing{Reader: bytes.NewReader(before), after: after})
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Breadcrumbs) != 2 || run.Breadcrumbs[1].Text == "two\x1b[2J" {
		t.Errorf("breadcrumbs %+v", run.Breadcrumbs)
	}
}

func TestNotABox(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, content := range []string{"", "dear diary", strings.Repeat("x", boxformat.FileSize)} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := blackbox.Open(path); !errors.Is(err, blackbox.ErrNotABox) {
			t.Errorf("%.10q: %v", content, err)
		}
	}
	if _, err := blackbox.Open(dir); !errors.Is(err, blackbox.ErrNotABox) {
		t.Errorf("a directory: %v", err)
	}
	if _, err := blackbox.Open(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	for name, damage := range map[string]func([]byte){
		"version 3":   func(b []byte) { b[8] = 3 },
		"is damaged":  func(b []byte) { b[200]++ },
		"not a black": func(b []byte) { b[0]++ },
	} {
		b := box(boxformat.Status{})
		damage(b)
		if _, err := blackbox.Parse(b); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCutOff(t *testing.T) {
	whole := box(boxformat.Status{State: boxformat.StateClean})
	for size := 0; size < len(whole); size += 1021 {
		run, err := blackbox.Parse(whole[:size])
		if size < 1024 {
			if err == nil {
				t.Errorf("%d bytes are a box", size)
			}
			continue
		}
		if err != nil || len(run.Damage) == 0 {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	// A box is large and mostly empty: the input is a list of changes to one.
	f.Add([]byte{}, []byte{})
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7}, []byte("some text"))
	f.Fuzz(func(t *testing.T, changes, text []byte) {
		b := box(boxformat.Status{State: boxformat.StateRunning})
		for len(changes) >= 4 {
			at := binary.LittleEndian.Uint32(changes) % uint32(len(b))
			copy(b[at:], text[:min(len(text), int(changes[0]))])
			changes = changes[4:]
		}
		if len(changes) > 0 {
			b = b[:len(b)*int(changes[0])/256]
		}
		if run, err := blackbox.Parse(b); err == nil {
			var text bytes.Buffer
			run.WriteTo(&text)
			for _, c := range text.Bytes() {
				if c < ' ' && c != '\n' {
					t.Fatalf("the text holds %#x", c)
				}
			}
		}
		blackbox.Parse(text)
	})
}

func ExampleOpen() {
	dir, _ := os.MkdirTemp("", "example")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "box")
	os.WriteFile(path, box(boxformat.Status{State: boxformat.StateClean, Time: opened}), 0o600)

	run, err := blackbox.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(run.Program, "ended:", run.End.Kind)
	for _, snapshot := range run.Snapshots {
		fmt.Println(snapshot.Goroutines, "goroutines,", snapshot.Figures.Resident>>20, "MiB")
	}
	// Output:
	// ingest ended: clean
	// 7 goroutines, 1 MiB
	// 7 goroutines, 2 MiB
}

func TestWhoLeftABreadcrumb(t *testing.T) {
	run := parse(t, box(boxformat.Status{}))
	for i, want := range []struct {
		thread    int
		goroutine uint64
	}{{0, 0}, {4712, 0}, {4712, 7}} {
		if c := run.Breadcrumbs[i]; c.Thread != want.thread || c.Goroutine != want.goroutine {
			t.Errorf("%d: thread %d, goroutine %d, want %+v", i, c.Thread, c.Goroutine, want)
		}
	}
	var text strings.Builder
	run.WriteTo(&text)
	for _, want := range []string{" before: one\n", "[2J (thread 4712)\n", "... (thread 4712, goroutine 7)\n"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in:\n%s", want, &text)
		}
	}
}

// A box that an earlier Epitaph has written: its breadcrumbs have neither, and longer texts.
func TestVersion1(t *testing.T) {
	b := box(boxformat.Status{})
	b[8] = 1
	binary.LittleEndian.PutUint32(b[1020:], crc32.ChecksumIEEE(b[:1020]))
	for i, text := range []string{"one", "two", strings.Repeat("x", 300)} {
		record := b[boxformat.NotesOffset+boxformat.CrumbsOffset+i*boxformat.CrumbSize:][:boxformat.CrumbSize]
		binary.LittleEndian.PutUint32(record[boxformat.CrumbLength:], uint32(len(text)))
		clear(record[20:])
		copy(record[24:], text)
	}
	run := parse(t, b)
	if len(run.Breadcrumbs) != 3 || run.Breadcrumbs[0].Text != "one" || run.Breadcrumbs[1].Text != "two" ||
		run.Breadcrumbs[2].Text != strings.Repeat("x", 232) || !run.Breadcrumbs[2].Cut || run.Breadcrumbs[2].Thread != 0 {
		t.Errorf("%+v", run.Breadcrumbs)
	}
}
