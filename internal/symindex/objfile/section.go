package objfile

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/epitaph-go/epitaph/internal/symindex/offheap"
)

// A Section is one of a File's, compressed or not.
type Section struct {
	Size uint64 // inflated
	file *File
	elf  *elf.Section
	old  bool // compressed as .zdebug_…, before ELF had a way to say so
}

// Section returns the first section of the name that has contents, or nil. For
// .debug_X it is .zdebug_X where the file has only that.
func (f *File) Section(name string) *Section {
	if s := f.sections[name]; s != nil {
		return s
	}
	const prefix = ".debug_"
	if len(name) <= len(prefix) || name[:len(prefix)] != prefix {
		return nil
	}
	s := f.sections[".z"+name[1:]]
	if s == nil || s.old {
		return s
	}
	var head [12]byte
	if _, err := s.elf.ReadAt(head[:], 0); err != nil || string(head[:4]) != "ZLIB" {
		return nil
	}
	s.old, s.Size = true, binary.BigEndian.Uint64(head[4:])
	return s
}

// Of is a section of the headers, or nil when it has no contents.
func (f *File) Of(s *elf.Section) *Section {
	if s.Type == elf.SHT_NOBITS {
		return nil
	}
	return &Section{file: f, elf: s, Size: s.Size}
}

func (s *Section) compressed() bool { return s.old || s.elf.Flags&elf.SHF_COMPRESSED != 0 }

// Compressed sections inflate to some three times their size; 64 times the whole
// file is a bomb.
const maxInflation = 64

var errBomb = errors.New("it inflates to more than the file can honestly hold")

// check refuses a size that the file cannot have. Sections that are read twice
// count twice, so this bounds the work too.
func (s *Section) check() error {
	if !s.compressed() {
		if s.elf.Offset > uint64(s.file.size) || s.Size > uint64(s.file.size)-s.elf.Offset {
			return fmt.Errorf("%s: %s: it ends behind the file", s.file.Path, s.elf.Name)
		}
		return nil
	}
	limit := maxInflation * uint64(s.file.size)
	if s.Size > limit-s.file.inflated {
		return fmt.Errorf("%s: %s: %w", s.file.Path, s.elf.Name, errBomb)
	}
	s.file.inflated += s.Size
	return nil
}

// A Stream gives a section's bytes in order.
type Stream struct {
	Size, Pos uint64
	in        io.ReadSeeker
}

// Open begins to read the section.
func (s *Section) Open() (*Stream, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return &Stream{Size: s.Size, in: s.elf.Open()}, nil
}

// Read fills p.
func (s *Stream) Read(p []byte) error {
	n, err := io.ReadFull(s.in, p)
	s.Pos += uint64(n)
	return err
}

// Skip goes n bytes on.
func (s *Stream) Skip(n uint64) error {
	if n > s.Size-s.Pos {
		return io.ErrUnexpectedEOF
	}
	if _, err := s.in.Seek(int64(n), io.SeekCurrent); err != nil {
		return err
	}
	s.Pos += n
	return nil
}

// Load reads all of the section into memory of its own, which the caller frees
// (offheap.Free); nil for a section that is nil.
func (s *Section) Load() ([]byte, error) {
	if s == nil {
		return nil, nil
	}
	stream, err := s.Open()
	if err != nil {
		return nil, err
	}
	memory, err := offheap.Alloc(int(s.Size))
	if err != nil {
		return nil, err
	}
	if err := stream.Read(memory); err != nil {
		offheap.Free(memory)
		return nil, fmt.Errorf("%s: %s: %w", s.file.Path, s.elf.Name, err)
	}
	return memory, nil
}

// ReadAt reads at a place of a section that is not compressed.
func (s *Section) ReadAt(p []byte, at uint64) (int, error) {
	if s.compressed() {
		return 0, fmt.Errorf("%s: %s: it is compressed", s.file.Path, s.elf.Name)
	}
	return s.elf.ReadAt(p, int64(at))
}

// Compressed tells whether the section has to be inflated.
func (s *Section) Compressed() bool { return s.compressed() }
