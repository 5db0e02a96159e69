package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/epitaph-go/epitaph/internal/symindex"
)

// The parts of an ELF file of 64 bits that are read and written here.
const (
	headerSize   = 64
	sectionSize  = 64
	atSections   = 40 // in the header: offset of the section headers
	atCount      = 60
	atNames      = 62
	mostSections = 0xff00 // from here on the count is elsewhere

	typeProgbits = 1
	aligned      = 8
)

// A sectionHeader is one, as it stands in the file.
type sectionHeader struct {
	Name, Type                uint32
	Flags, Addr, Offset, Size uint64
	Link, Info                uint32
	Align, EntrySize          uint64
}

// embed writes the ELF file to, which is from with a block of symbols as a section
// that is not loaded. All that from has stays at its place: the block, the section
// names and the section headers stand behind it. No segment changes, so the program
// that is run is the same.
func embed(from, to string, data []byte) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	header, sections, err := readSections(in, info.Size())
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	tail, err := tailOf(in, info.Size(), header, sections, data)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	return replace(to, info.Mode().Perm(), func(out *os.File) error {
		if _, err := io.Copy(out, io.NewSectionReader(in, 0, info.Size())); err != nil {
			return err
		}
		if _, err := out.Write(tail); err != nil {
			return err
		}
		_, err := out.WriteAt(header, 0)
		return err
	})
}

var errFormat = errors.New("not an ELF file of 64 bits, little-endian, with section headers")

// readSections returns the ELF header and the section headers.
func readSections(in io.ReaderAt, size int64) (header []byte, sections []sectionHeader, err error) {
	header = make([]byte, headerSize)
	if _, err := in.ReadAt(header, 0); err != nil || !bytes.HasPrefix(header, []byte("\x7fELF\x02\x01")) {
		return nil, nil, errFormat
	}
	le := binary.LittleEndian
	at, count, names := le.Uint64(header[atSections:]), int(le.Uint16(header[atCount:])), int(le.Uint16(header[atNames:]))
	if at == 0 || count == 0 || names >= count {
		return nil, nil, errFormat
	}
	if count >= mostSections-1 {
		return nil, nil, fmt.Errorf("%d sections are too many", count)
	}
	if at > uint64(size) || uint64(size)-at < uint64(count)*sectionSize {
		return nil, nil, errors.New("the section headers are behind the end of the file")
	}
	sections = make([]sectionHeader, count)
	if err := binary.Read(io.NewSectionReader(in, int64(at), int64(count)*sectionSize), le, sections); err != nil {
		return nil, nil, err
	}
	return header, sections, nil
}

// tailOf makes what stands behind the file: the block, the names of the sections and
// their headers, and changes the ELF header to list them. A section that was
// embedded before gets the new block.
func tailOf(in io.ReaderAt, size int64, header []byte, sections []sectionHeader, data []byte) ([]byte, error) {
	le := binary.LittleEndian
	names := &sections[le.Uint16(header[atNames:])]
	if names.Offset > uint64(size) || names.Size > uint64(size)-names.Offset {
		return nil, errors.New("the names of the sections are behind the end of the file")
	}
	text := make([]byte, names.Size)
	if _, err := in.ReadAt(text, int64(names.Offset)); err != nil {
		return nil, err
	}
	tail := make([]byte, -uint64(size)%aligned)
	section := sectionHeader{Type: typeProgbits, Align: 1, Offset: uint64(size) + uint64(len(tail)), Size: uint64(len(data))}
	tail = append(tail, data...)
	if old := named(sections, text, symindex.ShippedSection); old != nil {
		section.Name = old.Name
		*old = section
	} else {
		section.Name = uint32(len(text))
		text = append(append(text, symindex.ShippedSection...), 0)
		names.Offset, names.Size = uint64(size)+uint64(len(tail)), uint64(len(text))
		tail = append(tail, text...)
		sections = append(sections, section)
	}
	tail = append(tail, make([]byte, -(uint64(size)+uint64(len(tail)))%aligned)...)
	le.PutUint64(header[atSections:], uint64(size)+uint64(len(tail)))
	le.PutUint16(header[atCount:], uint16(len(sections)))
	return binary.Append(tail, le, sections)
}

// named is the section of a name, or nil.
func named(sections []sectionHeader, text []byte, name string) *sectionHeader {
	for i := range sections {
		at := sections[i].Name
		if uint64(at) < uint64(len(text)) && bytes.HasPrefix(text[at:], append([]byte(name), 0)) {
			return &sections[i]
		}
	}
	return nil
}
