package blackbox

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/epitaph-go/epitaph/internal/boxformat"
)

// ErrNotABox is wrapped by the error of a file that is no black box.
var ErrNotABox = boxformat.ErrNotABox

// Open reads the black box at path. It follows symbolic links, takes no lock and
// changes nothing, so it may be called while the program runs. An error wraps
// fs.ErrNotExist if there is no file, and ErrNotABox if it is something else;
// what is damaged but can be read in parts is no error, see [Run.Damage].
func Open(path string) (*Run, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("blackbox: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("blackbox: %s: %w", path, ErrNotABox)
	}
	run, err := read(f, held(f)) // in this order: it may end meanwhile, and leave its mark
	if err != nil {
		return nil, fmt.Errorf("blackbox: %s: %w", path, err)
	}
	return run, nil
}

// Read reads a black box from r. The notes are read twice, so that one which the
// running program wrote in between is not taken for whole.
func Read(r io.ReaderAt) (*Run, error) { return read(r, false) }

func read(r io.ReaderAt, held bool) (*Run, error) {
	b, err := io.ReadAll(io.NewSectionReader(r, 0, boxformat.FileSize))
	if err != nil {
		return nil, err
	}
	again := make([]byte, boxformat.NotesSize)
	n, err := r.ReadAt(again, boxformat.NotesOffset)
	if err != nil && err != io.EOF {
		return nil, err
	}
	return parse(b, again[:n], held)
}

// Parse reads a black box from memory.
func Parse(b []byte) (*Run, error) {
	run, err := parse(b, part(b, boxformat.NotesOffset, boxformat.NotesSize), false)
	if err != nil {
		return nil, fmt.Errorf("blackbox: %w", err)
	}
	return run, nil
}

// part returns what is there of SIZE bytes at an offset.
func part(b []byte, offset, size int) []byte {
	offset = min(offset, len(b))
	return b[offset:min(offset+size, len(b))]
}

// whole returns the same with zeros in place of what is cut off.
func whole(b []byte, offset, size int) []byte {
	return append(bytes.Clone(part(b, offset, size)), make([]byte, size)...)[:size]
}

func parse(b, notesAgain []byte, held bool) (*Run, error) {
	h, err := boxformat.DecodeHeader(b)
	if err != nil {
		return nil, err
	}
	p := &parser{header: h, held: held,
		mark:  whole(b, boxformat.MarkOffset, boxformat.MarkSize),
		asked: whole(b, boxformat.AskedOffset, boxformat.MarkSize),
		watch: whole(b, boxformat.WatchOffset, boxformat.WatchSize),
	}
	p.run = &Run{
		Program:    h.Program,
		Executable: h.Executable,
		Build:      h.Build,
		PID:        int(h.PID),
		BootID:     h.BootID,
		Started:    real(h.Started),
		Opened:     real(h.Opened),
	}
	if len(b) < boxformat.FileSize {
		p.damaged("the file is cut off after %d bytes", len(b))
	}
	p.notes(part(b, boxformat.NotesOffset, boxformat.NotesSize), notesAgain)
	for i := range boxformat.SlotCount {
		p.slot(i, part(b, boxformat.SlotsOffset+i*boxformat.SlotSize, boxformat.SlotSize))
	}
	slices.SortFunc(p.run.Snapshots, func(a, b Snapshot) int { return cmp.Compare(a.Number, b.Number) })
	text, _, _ := bytes.Cut(part(b, boxformat.ReportOffset, boxformat.ReportSize), []byte{0})
	p.run.Report = bytes.Clone(text)
	p.end(part(b, boxformat.StatusOffset, boxformat.StatusSize))
	return p.run, nil
}

// real is a time since 1970.
func real(ns uint64) time.Time { return time.Unix(0, int64(ns)).UTC() }

type parser struct {
	header boxformat.Header
	held   bool // a process has the box open to write to it
	run    *Run

	mark, asked, watch []byte // parts of the status's page
}

func (p *parser) damaged(format string, args ...any) {
	p.run.Damage = append(p.run.Damage, fmt.Sprintf(format, args...))
}

// monotonic turns the machine's monotonic clock into a time of day, by the
// reading of both that the header has.
func (p *parser) monotonic(ns uint64) time.Time {
	return real(p.header.Opened).Add(time.Duration(ns - p.header.OpenedMono))
}

func (p *parser) slot(i int, b []byte) {
	if len(b) < boxformat.SlotSize {
		return // told by the file's size
	}
	s, err := boxformat.DecodeSlot(b)
	switch err {
	case nil:
		p.run.Snapshots = append(p.run.Snapshots, snapshotOf(&s))
	case boxformat.ErrSlotUnused:
	default:
		p.run.Torn++
	}
}

func snapshotOf(s *boxformat.Slot) Snapshot {
	return Snapshot{
		Number:     s.Sequence/2 - 1,
		Time:       real(s.Real),
		Period:     time.Duration(s.Period),
		Cost:       time.Duration(s.Cost),
		Goroutines: int(s.Goroutines),
		Groups:     int(s.Groups),
		Figures: Figures{
			Runnable:     int64(s.Runnable),
			Running:      int64(s.Running),
			Waiting:      int64(s.Waiting),
			NotInGo:      int64(s.NotInGo),
			HeapObjects:  int64(s.HeapObjects),
			HeapGoal:     int64(s.HeapGoal),
			GoMemory:     int64(s.GoMemory),
			Resident:     int64(s.Resident),
			GCCycles:     int64(s.GCCycles),
			Threads:      int64(s.Threads),
			GOMAXPROCS:   int64(s.GOMAXPROCS),
			SchedLatency: time.Duration(s.SchedLatency),
		},
		Text: string(s.Text),
	}
}

// notes reads breadcrumbs and annotations. A record whose sequence number is
// the same, and even, before and after it was read is whole: see native/notes.h.
func (p *parser) notes(b, again []byte) {
	if len(b) < boxformat.NotesSize || len(again) < boxformat.NotesSize {
		p.damaged("the breadcrumbs and annotations are cut off")
		return
	}
	p.run.DroppedBreadcrumbs = binary.LittleEndian.Uint64(b[boxformat.NotesDropped:])
	p.run.RefusedAnnotations = binary.LittleEndian.Uint64(b[boxformat.NotesRefused:])
	sequence := func(at int) (n uint64, whole bool) {
		n = binary.LittleEndian.Uint64(b[at:])
		return n, n != 0 && n&1 == 0 && n == binary.LittleEndian.Uint64(again[at:])
	}
	order := map[int]uint64{}
	var at []int
	for i := range boxformat.Crumbs {
		offset := boxformat.CrumbsOffset + i*boxformat.CrumbSize
		// The record of another place of the ring is no breadcrumb.
		if n, whole := sequence(offset); whole && (n/2-1)%boxformat.Crumbs == uint64(i) {
			order[offset] = n
			at = append(at, offset)
		}
	}
	slices.SortFunc(at, func(a, b int) int { return cmp.Compare(order[a], order[b]) })
	for _, offset := range at {
		record := b[offset : offset+boxformat.CrumbSize]
		p.run.Breadcrumbs = append(p.run.Breadcrumbs, p.breadcrumb(record))
	}
	for i := range boxformat.Annotations {
		offset := boxformat.AnnotationsStart + i*boxformat.AnnotationSize
		if _, whole := sequence(offset); !whole {
			continue
		}
		record := b[offset : offset+boxformat.AnnotationSize]
		key, _ := textAt(record, boxformat.KeyLength, boxformat.AnnotationKey, boxformat.KeySize)
		value, cut := textAt(record, boxformat.ValueLength, boxformat.AnnotationValue, boxformat.ValueSize)
		if value != "" {
			p.run.Annotations = append(p.run.Annotations, Annotation{key, value, p.noteTime(record), cut})
		}
	}
}

func (p *parser) breadcrumb(record []byte) Breadcrumb {
	c := Breadcrumb{Time: p.noteTime(record)}
	if p.header.Version < 2 {
		c.Text, c.Cut = textAt(record, boxformat.CrumbLength, boxformat.CrumbText1, boxformat.CrumbTextSize1)
		return c
	}
	c.Text, c.Cut = textAt(record, boxformat.CrumbLength, boxformat.CrumbText, boxformat.CrumbTextSize)
	c.Thread = int(binary.LittleEndian.Uint32(record[boxformat.CrumbThread:]))
	c.Goroutine = binary.LittleEndian.Uint64(record[boxformat.CrumbGoroutine:])
	return c
}

func (p *parser) noteTime(record []byte) time.Time {
	return p.monotonic(binary.LittleEndian.Uint64(record[boxformat.NoteTime:]))
}

// textAt returns a text of a record, and whether it was longer once.
func textAt(record []byte, lengthAt, at, size int) (text string, cut bool) {
	length := uint64(binary.LittleEndian.Uint32(record[lengthAt:]))
	return string(record[at : at+int(min(length, uint64(size)))]), length > uint64(size)
}
