package block

import "encoding/binary"

// A Scope is an inlined call, together with the file that its code is in.
type Scope struct {
	Parent             uint32 // NoParent: the function itself
	Name               uint32
	CallFile, CallLine uint32 // where it is called
	File               uint32
}

// NoParent is the parent of a scope that is the function itself.
const NoParent = noScope

// A Row says that from PC on, counted from the part's start, the code is of a
// scope and a line.
type Row struct {
	PC, Scope, Line uint32
	Near            bool
}

// A Part is a piece of a function. Without scopes it has a name only. The parent
// of a scope stands before it; the rows are in order, the first one at PC 0.
type Part struct {
	Size   uint32
	Scopes []Scope
	Rows   []Row
}

// Writer is what a part is written to.
type Writer interface{ Write(p []byte) }

// An Encoder writes parts; it keeps the memory that it needs for that.
type Encoder struct {
	head, checks, scopes, rows []byte
}

// Encode writes the blob of a part.
func (e *Encoder) Encode(to Writer, p *Part) {
	e.checks, e.scopes, e.rows = e.checks[:0], e.scopes[:0], e.rows[:0]
	for i := range p.Scopes {
		s := &p.Scopes[i]
		for _, v := range [...]uint32{s.Parent, s.Name, s.CallFile, min(s.CallLine, MaxLine), s.File} {
			e.scopes = append(e.scopes, byte(v), byte(v>>8), byte(v>>16))
		}
	}
	var at Row
	for i := range p.Rows {
		to := &p.Rows[i]
		if i > 0 && i%checkPeriod == 0 {
			e.check(to)
		} else {
			e.row(&at, to, p.Scopes)
		}
		at = *to
	}
	e.head = binary.AppendUvarint(e.head[:0], uint64(p.Size))
	e.head = binary.AppendUvarint(e.head, uint64(len(e.checks)/checkSize))
	e.head = binary.AppendUvarint(e.head, uint64(len(p.Scopes)))
	e.head = binary.AppendUvarint(e.head, uint64(len(e.rows)))
	to.Write(e.head)
	to.Write(e.checks)
	to.Write(e.scopes)
	to.Write(e.rows)
}

// check writes a check point in the place of a row.
func (e *Encoder) check(r *Row) {
	line := r.Line
	if r.Near {
		line |= nearFlag
	}
	for _, v := range [...]uint32{r.PC, uint32(len(e.rows)), line, r.Scope} {
		e.checks = le.AppendUint32(e.checks, v)
	}
}

func (e *Encoder) row(at, to *Row, scopes []Scope) {
	pc, line := to.PC-at.PC, int64(to.Line)-int64(at.Line)
	if to.Near {
		e.rows = append(e.rows, codeNear)
	}
	if to.Scope == at.Scope && pc >= 1 && pc <= 15 && line >= -5 && line <= 10 {
		e.rows = append(e.rows, byte((pc-1)<<4)|byte(line+5))
		return
	}
	switch {
	case to.Scope == at.Scope:
		e.rows = append(e.rows, codeFar)
	case to.Scope == at.Scope+1:
		e.rows = append(e.rows, codeNext)
	case to.Scope == scopes[at.Scope].Parent:
		e.rows = append(e.rows, codeParent)
	default:
		e.rows = append(e.rows, codeScope)
		e.rows = binary.AppendVarint(e.rows, int64(to.Scope)-int64(at.Scope))
	}
	e.rows = binary.AppendUvarint(e.rows, uint64(pc))
	e.rows = binary.AppendVarint(e.rows, line)
}
