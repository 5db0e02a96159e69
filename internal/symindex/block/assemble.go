package block

import "cmp"

// A PartEntry is a part's in the tables.
type PartEntry struct {
	Start uint64 // an address of the file
	Blob  uint32 // where its blob begins, counted from the first one
	Name  uint32
}

// A Buffer is what a block is put together in.
type Buffer interface {
	Writer
	Len() int
	Bytes() []byte
}

// HeaderSize is how many bytes there are before the first blob.
const HeaderSize = headerSize

// Tables are what stands behind the strings.
type Tables struct {
	Flags    int
	Builder  uint32 // the version of the builder
	BuildID  []byte
	Base     uint64
	Start    uint64      // the lowest address that is loaded, at most Base
	Parts    []PartEntry // by rising start
	Files    []uint32    // offsets in the strings, by number; 0 is unknown
	Names    []uint32
	StringAt int // where the strings begin in the buffer
}

// Finish writes the tables behind the header's room, the blobs and the strings
// that the buffer has, and fills in the header. It returns ErrTooLarge for what
// the format has no room for; the buffer has an error of its own.
func Finish(b Buffer, t *Tables) error {
	strings := b.Len() - t.StringAt
	b.Write(make([]byte, -b.Len()&3)) // a buffer that is full stays as it is
	tables := b.Len()
	if len(t.Files) > MaxNumber || len(t.Names) > MaxNumber || uint64(tables) >= 1<<32 || t.Base >= 1<<32 {
		return ErrTooLarge
	}
	writeTables(b, t)
	data := b.Bytes()
	if len(data) < headerSize {
		return nil // the buffer has its error
	}
	le.PutUint32(data, Magic)
	le.PutUint16(data[4:], Version)
	le.PutUint16(data[6:], uint16(t.Flags))
	le.PutUint64(data[8:], uint64(len(data)))
	for i, v := range [...]uint32{
		0, t.Builder, uint32(t.Base), uint32(t.Start), uint32(len(t.Parts)), uint32(len(t.Files)), uint32(len(t.Names)),
		uint32(t.StringAt - headerSize), uint32(strings), uint32(tables),
	} {
		le.PutUint32(data[16+4*i:], v)
	}
	if id := t.BuildID; len(id) <= maxBuildID {
		data[56] = byte(len(id))
		copy(data[57:], id)
	}
	return nil
}

// writeTables writes the tables, some words at a time.
func writeTables(b Writer, t *Tables) {
	var words [1024]byte
	used := 0
	put := func(v uint32) {
		if used == len(words) {
			b.Write(words[:])
			used = 0
		}
		le.PutUint32(words[used:], v)
		used += 4
	}
	for i := range t.Parts {
		put(uint32(t.Parts[i].Start - t.Base))
	}
	for i := range t.Parts {
		put(t.Parts[i].Blob)
	}
	for i := range t.Parts {
		put(t.Parts[i].Name)
	}
	for _, at := range t.Files {
		put(at)
	}
	for _, at := range t.Names {
		put(at)
	}
	b.Write(words[:used])
}

// ComparePartEntries orders parts as the tables need them.
func ComparePartEntries(a, b PartEntry) int { return cmp.Compare(a.Start, b.Start) }
