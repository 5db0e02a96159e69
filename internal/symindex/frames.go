package symindex

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/symindex/objfile"
	"github.com/epitaph-go/epitaph/internal/symindex/offheap"
)

// What a .debug_frame may have at most. Of a Go program it holds every Go function, so
// the section is large where what is wanted of it is small.
const (
	largestFrames = 256 << 20 // the section
	longestFrame  = 1 << 20   // an entry
	mostFrames    = 1 << 18   // entries that are kept
	keptFrames    = 16 << 20  // their bytes
)

// ErrNoFrames is the error for a file whose .debug_frame has nothing to say.
var ErrNoFrames = errors.New("no .debug_frame")

var errFrames = errors.New(".debug_frame is damaged")

// Frames reads the call frame information out of .debug_frame of the file at path, or of
// its debug file: that of code which was built without the kind for exceptions. What it
// returns has the form of .eh_frame_hdr and, behind it, .eh_frame, for which the C core
// has a reader (native/unwind/cfi_find.c); its addresses are absolute, for a module that
// is loaded at the bias. It is memory outside of the heap, which the caller frees.
//
// An entry of .debug_frame has the same contents as one of .eh_frame (DWARF 5, section
// 6.4.1; LSB 5.0 core, 10.6.1). What differs is how the two parts refer to each other, and
// that its addresses are never encoded. Of opts BuildID, Exclude, DebugDirs and Yield count.
func Frames(path string, bias uint64, opts Options) ([]byte, error) {
	file, id, err := open(path, &opts)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	section := file.Section(".debug_frame")
	if section == nil {
		debug := openDebugFile(file, id, opts.DebugDirs)
		if debug == nil {
			return nil, ErrNoFrames
		}
		defer debug.Close()
		section = debug.Section(".debug_frame")
	}
	if section == nil || section.Size > largestFrames {
		return nil, ErrNoFrames
	}
	stream, err := section.Open()
	if err != nil {
		return nil, fmt.Errorf("symindex: %w", err)
	}
	r := frameReader{in: stream, bias: bias, opts: &opts, text: file.Text(), cies: make(map[uint64]int), out: offheap.NewBuffer(keptFrames)}
	defer r.out.Free()
	if err := r.read(); err != nil {
		return nil, fmt.Errorf("symindex: %s: %w", path, err)
	}
	return r.assemble()
}

// frameReader goes through the section once.
type frameReader struct {
	in      *objfile.Stream
	bias    uint64
	opts    *Options
	text    []objfile.Range
	body    []byte         // of the entry that is read
	cies    map[uint64]int // where the CIEs of the section are in out
	out     *offheap.Buffer
	entries []frameEntry
}

type frameEntry struct {
	start uint64 // absolute
	at    int    // in out
}

func (r *frameReader) read() error {
	for count := 0; r.in.Pos < r.in.Size; count++ {
		if count%256 == 0 && r.opts.Yield != nil {
			r.opts.Yield()
		}
		at := r.in.Pos
		id, isCIE, err := r.entry()
		switch {
		case err != nil:
			return err
		case isCIE:
			r.cie(at)
		default:
			r.fde(id)
		}
		if err := r.out.Err(); err != nil {
			return err
		}
	}
	return nil
}

// entry reads the next entry's head, and its body without the id.
func (r *frameReader) entry() (id uint64, isCIE bool, err error) {
	var head [12]byte
	if err := r.in.Read(head[:4]); err != nil {
		return 0, false, errFrames
	}
	size, idSize := uint64(binary.LittleEndian.Uint32(head[:])), uint64(4)
	if size == 0xffffffff {
		if err := r.in.Read(head[:8]); err != nil {
			return 0, false, errFrames
		}
		size, idSize = binary.LittleEndian.Uint64(head[:]), 8
	}
	if size < idSize || size > longestFrame || size > r.in.Size-r.in.Pos {
		return 0, false, errFrames
	}
	clear(head[:])
	r.body = slices.Grow(r.body[:0], int(size))[:size-idSize]
	if r.in.Read(head[:idSize]) != nil || r.in.Read(r.body) != nil {
		return 0, false, errFrames
	}
	id = binary.LittleEndian.Uint64(head[:])
	return id, id == 1<<(8*idSize)-1, nil // the shift is 0 for 64 bits
}

// cie takes one over; not if it has an augmentation, whose pointers would have to be moved.
func (r *frameReader) cie(at uint64) {
	const version, augmentation = 0, 1
	if len(r.body) < 8 || r.body[augmentation] != 0 || r.body[version] > 4 {
		return
	}
	r.cies[at] = r.out.Len()
	r.write(0, r.body)
}

// fde takes one over, if its code is wanted.
func (r *frameReader) fde(cie uint64) {
	at, known := r.cies[cie]
	if !known || len(r.body) < 16 || len(r.entries) == mostFrames {
		return
	}
	start, size := binary.LittleEndian.Uint64(r.body), binary.LittleEndian.Uint64(r.body[8:])
	if r.opts.Exclude.Contains(start) || size == 0 || !inText(r.text, start) {
		return
	}
	r.entries = append(r.entries, frameEntry{start + r.bias, r.out.Len()})
	binary.LittleEndian.PutUint64(r.body, start+r.bias)
	r.write(uint32(r.out.Len()+4-at), r.body)
}

// inText is false for code that the linker has thrown away.
func inText(text []objfile.Range, address uint64) bool {
	return slices.ContainsFunc(text, func(t objfile.Range) bool { return t.Contains(address) })
}

// write appends an entry of .eh_frame: its size, the distance back to its CIE, the rest.
func (r *frameReader) write(back uint32, body []byte) {
	padding := -len(body) & 3
	head := binary.LittleEndian.AppendUint32(nil, uint32(4+len(body)+padding))
	r.out.Write(binary.LittleEndian.AppendUint32(head, back))
	r.out.Write(body)
	r.out.Write(make([]byte, padding)) // DW_CFA_nop
}

// assemble puts the sorted table before the entries.
func (r *frameReader) assemble() ([]byte, error) {
	if len(r.entries) == 0 {
		return nil, ErrNoFrames
	}
	slices.SortFunc(r.entries, func(a, b frameEntry) int { return cmp.Compare(a.start, b.start) })
	// Version 1; no pointer to .eh_frame; a count of 32 bits; absolute pointers.
	const absolute, udata4, omitted = 0x00, 0x03, 0xff
	head := []byte{1, omitted, udata4, absolute}
	table := len(head) + 4
	entries := table + 16*len(r.entries)
	memory, err := offheap.Alloc(entries + r.out.Len())
	if err != nil {
		return nil, err
	}
	copy(memory, head)
	binary.LittleEndian.PutUint32(memory[len(head):], uint32(len(r.entries)))
	base := uint64(uintptr(unsafe.Pointer(unsafe.SliceData(memory)))) + uint64(entries)
	for i, e := range r.entries {
		binary.LittleEndian.PutUint64(memory[table+16*i:], e.start)
		binary.LittleEndian.PutUint64(memory[table+16*i+8:], base+uint64(e.at))
	}
	copy(memory[entries:], r.out.Bytes())
	return memory, nil
}
