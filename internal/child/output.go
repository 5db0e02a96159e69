package child

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// An Output is a Cmd.Stdout or Cmd.Stderr that keeps what the process writes. It must
// not be read before the process has ended.
type Output struct {
	// Bound is how many bytes of the beginning are kept, and of the end at least as many.
	// 0 keeps everything.
	Bound int
	// Also, if it is not nil, gets what is written as well.
	Also io.Writer

	first, last []byte
	cut         int
	left        bool
}

// Write keeps p.
func (o *Output) Write(p []byte) (int, error) {
	if o.Also != nil {
		if n, err := o.Also.Write(p); err != nil {
			return n, err
		}
	}
	n := len(p)
	if o.Bound == 0 {
		o.first = append(o.first, p...)
		return n, nil
	}
	if room := o.Bound - len(o.first); room > 0 {
		k := min(room, len(p))
		o.first, p = append(o.first, p[:k]...), p[k:]
	}
	o.last = append(o.last, p...)
	if over := len(o.last) - o.Bound; over > o.Bound {
		o.last = append([]byte(nil), o.last[over:]...)
		o.cut += over
	}
	return n, nil
}

// ReadFrom is what package exec calls. It notices that exec closes the pipe because
// a process holds the other end when the process has ended: exec.ErrWaitDelay reports
// that only of a process that exited with status 0.
func (o *Output) ReadFrom(r io.Reader) (n int64, err error) {
	buffer := make([]byte, 32<<10)
	for err == nil {
		var k int
		k, err = r.Read(buffer)
		n += int64(k)
		if _, failed := o.Write(buffer[:k]); failed != nil {
			return n, failed
		}
	}
	o.left = errors.Is(err, fs.ErrClosed)
	if err == io.EOF {
		err = nil
	}
	return n, err
}

// Bytes returns what was kept, with a line where something is missing.
func (o *Output) Bytes() []byte {
	text := o.first[:len(o.first):len(o.first)]
	if o.cut > 0 {
		text = fmt.Appendf(text, "\n[%d bytes left out]\n", o.cut)
	}
	return append(text, o.last...)
}

// String returns Bytes as a string.
func (o *Output) String() string { return string(o.Bytes()) }
