// Package objfile reads the sections of ELF files as streams: a debug file of a
// large program is never held as a whole, and never mapped, since a mapped file
// that is truncated meanwhile is a SIGBUS.
//
// The headers are package debug/elf's to read. A hostile file gives an error, and
// what its compressed sections may inflate to is bounded by the file's size.
package objfile

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"syscall"
)

// A Range is [Start, End) in addresses of the file.
type Range struct{ Start, End uint64 }

// Contains tells whether the address is in the range.
func (r Range) Contains(address uint64) bool { return address-r.Start < r.End-r.Start }

// A File is an open ELF file of 64 bits, little-endian. It is not safe for
// concurrent use.
type File struct {
	Path     string
	file     *os.File
	elf      *elf.File
	size     int64
	sections map[string]*Section
	inflated uint64 // what compressed sections have claimed so far
}

// Open opens the file at path; only a regular file is read, since one of another
// kind may keep its reader waiting. The path may come out of a file.
func Open(path string) (*File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	f, err := read(file, path)
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

func read(file *os.File, path string) (*File, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("not a regular file")
	}
	e, err := elf.NewFile(file)
	if err != nil {
		return nil, err
	}
	if e.Class != elf.ELFCLASS64 || e.ByteOrder != binary.LittleEndian {
		return nil, fmt.Errorf("not an ELF file of 64 bits, little-endian")
	}
	f := &File{Path: path, file: file, elf: e, size: info.Size(), sections: make(map[string]*Section)}
	for _, s := range e.Sections {
		if s.Type == elf.SHT_NOBITS || f.sections[s.Name] != nil {
			continue
		}
		f.sections[s.Name] = &Section{file: f, elf: s, Size: s.Size}
	}
	return f, nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// ELF is what debug/elf has read of the headers.
func (f *File) ELF() *elf.File { return f.elf }

// Size is that of the file, in bytes.
func (f *File) Size() int64 { return f.size }

// Text returns where the file's code is: its executable sections, or segments
// where it has no sections. Sections are better, since a segment can hold the
// headers too, and code that the linker has thrown away is at address 0.
func (f *File) Text() []Range {
	var text []Range
	for _, s := range f.elf.Sections {
		if s.Flags&(elf.SHF_ALLOC|elf.SHF_EXECINSTR) == elf.SHF_ALLOC|elf.SHF_EXECINSTR && s.Size <= 1<<40 && s.Addr <= 1<<56 {
			text = append(text, Range{s.Addr, s.Addr + s.Size})
		}
	}
	if text != nil {
		return text
	}
	for _, p := range f.elf.Progs {
		if p.Type == elf.PT_LOAD && p.Flags&elf.PF_X != 0 && p.Memsz <= 1<<40 && p.Vaddr <= 1<<56 {
			text = append(text, Range{p.Vaddr, p.Vaddr + p.Memsz})
		}
	}
	return text
}

// Start is the lowest address that is loaded, which the loader adds its bias to.
func (f *File) Start() uint64 {
	start, found := uint64(0), false
	for _, p := range f.elf.Progs {
		if p.Type == elf.PT_LOAD && (!found || p.Vaddr < start) {
			start, found = p.Vaddr, true
		}
	}
	return start
}

// longestNotes is enough for those of any real file.
const longestNotes = 1 << 16

// BuildID returns the GNU build-id, or nil. A debug file has none in its segments,
// which it has no contents of, and a stripped file may have no sections.
func (f *File) BuildID() []byte {
	if s := f.sections[".note.gnu.build-id"]; s != nil && s.Size <= longestNotes {
		if notes, err := s.elf.Data(); err == nil {
			if id := buildID(notes); id != nil {
				return id
			}
		}
	}
	for _, p := range f.elf.Progs {
		if p.Type != elf.PT_NOTE || p.Filesz > longestNotes {
			continue
		}
		notes := make([]byte, p.Filesz)
		if _, err := p.ReadAt(notes, 0); err == nil {
			if id := buildID(notes); id != nil {
				return id
			}
		}
	}
	return nil
}

// buildID finds NT_GNU_BUILD_ID among notes.
func buildID(notes []byte) []byte {
	const typeBuildID = 3
	for len(notes) >= 12 {
		nameSize := uint64(binary.LittleEndian.Uint32(notes))
		size := uint64(binary.LittleEndian.Uint32(notes[4:]))
		kind := binary.LittleEndian.Uint32(notes[8:])
		notes = notes[12:]
		from := (nameSize + 3) &^ 3
		if from+size > uint64(len(notes)) {
			return nil
		}
		if kind == typeBuildID && bytes.Equal(notes[:nameSize], []byte("GNU\x00")) && size > 0 && size <= 56 {
			return bytes.Clone(notes[from : from+size])
		}
		next := from + (size+3)&^3
		if next > uint64(len(notes)) {
			return nil
		}
		notes = notes[next:]
	}
	return nil
}
