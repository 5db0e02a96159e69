package dwarf

import (
	"encoding/binary"

	"github.com/epitaph-go/epitaph/internal/symindex/objfile"
	"github.com/epitaph-go/epitaph/internal/symindex/offheap"
)

// A lineStream hands out line programs. They come in the order of the units, so
// one pass over the section does, and it is not held as a whole; one program out
// of turn has all of it loaded after all.
type lineStream struct {
	section *objfile.Section
	stream  *objfile.Stream
	buffer  *offheap.Buffer
	at      uint64 // of what the buffer holds
	all     []byte
	broken  bool
}

// maxProgram bounds the buffer; the largest one seen has 2 MB.
const maxProgram = 64 << 20

func (l *lineStream) close() {
	offheap.Free(l.all)
	if l.buffer != nil {
		l.buffer.Free()
	}
	*l = lineStream{section: l.section}
}

// program returns the bytes from the header at an offset on; nil when there is none.
func (l *lineStream) program(at uint64, work *Work) []byte {
	if l.section == nil || at >= l.section.Size || l.broken {
		return nil
	}
	if l.all == nil {
		if l.buffer != nil && l.buffer.Len() > 0 && at == l.at {
			return l.buffer.Bytes()
		}
		if p := l.next(at, work); p != nil {
			return p
		}
		var err error
		if l.all, err = l.section.Load(); err != nil {
			l.broken = true
			return nil
		}
		work.Slow(len(l.all))
	}
	return l.all[at:]
}

// next reads the program at a place that the stream has not come to yet.
func (l *lineStream) next(at uint64, work *Work) []byte {
	if l.stream == nil {
		stream, err := l.section.Open()
		if err != nil {
			return nil
		}
		l.stream, l.buffer = stream, offheap.NewBuffer(maxProgram)
	}
	if at < l.stream.Pos || l.stream.Skip(at-l.stream.Pos) != nil {
		return nil
	}
	l.buffer.Reset()
	head := l.buffer.Extend(4)
	if head == nil || l.stream.Read(head) != nil {
		return nil
	}
	n := uint64(binary.LittleEndian.Uint32(head))
	if n == wideMark {
		if head = l.buffer.Extend(8); head == nil || l.stream.Read(head) != nil {
			return nil
		}
		n = binary.LittleEndian.Uint64(head)
	}
	if n > l.stream.Size-l.stream.Pos || n > maxProgram {
		return nil
	}
	body := l.buffer.Extend(int(n))
	if body == nil || l.stream.Read(body) != nil {
		return nil
	}
	work.Slow(int(n))
	l.at = at
	return l.buffer.Bytes()
}
