package dwarf

// Opcodes of line programs.
const (
	opExtended       = 0
	opCopy           = 1
	opAdvancePC      = 2
	opAdvanceLine    = 3
	opSetFile        = 4
	opSetColumn      = 5
	opNegate         = 6
	opBasicBlock     = 7
	opConstAdd       = 8
	opFixedAdvance   = 9
	opPrologueEnd    = 10
	opEpilogueBegin  = 11
	opSetISA         = 12
	opEndSequence    = 1
	opSetAddress     = 2
	largestKnownLine = 1<<24 - 1 // in three bytes of the block
)

// A machine runs a line program.
type machine struct {
	lines  *Lines
	keep   func(addr uint64) bool
	header *lineHeader

	addr, file, operation uint64
	line                  int64
	start                 int  // the first row of the sequence
	begun, kept           bool // it has a row; it is of interest
}

func (m *machine) reset() {
	m.addr, m.file, m.operation, m.line = 0, 1, 0, 1
	m.begun, m.kept = false, true
}

func (m *machine) run(c *cursor) error {
	h := m.header
	constAdd := uint64(255-h.opBase) / h.rangeSize
	for c.at < len(c.b) {
		op := c.u8()
		if op >= h.opBase {
			special := uint64(op - h.opBase)
			m.advance(special / h.rangeSize)
			m.line += h.base + int64(special%h.rangeSize)
			m.row(false)
			continue
		}
		switch op {
		case opExtended:
			m.extended(c)
		case opCopy:
			m.row(false)
		case opAdvancePC:
			m.advance(c.uleb())
		case opAdvanceLine:
			m.line += c.sleb()
		case opSetFile:
			m.file = c.uleb()
		case opNegate, opBasicBlock, opPrologueEnd, opEpilogueBegin:
		case opConstAdd:
			m.advance(constAdd)
		case opFixedAdvance:
			m.addr += uint64(c.u16())
			m.operation = 0
		case opSetColumn, opSetISA:
			c.uleb()
		default:
			for range h.lengths[op-1] {
				c.uleb()
			}
		}
	}
	m.lines.Rows = m.lines.Rows[:m.start] // of a sequence without an end
	if c.bad {
		return ErrFormat
	}
	return nil
}

func (m *machine) advance(n uint64) {
	h := m.header
	if h.maxOperations == 1 {
		m.addr += h.minInstruction * n
		return
	}
	m.addr += h.minInstruction * ((m.operation + n) / h.maxOperations)
	m.operation = (m.operation + n) % h.maxOperations
}

func (m *machine) extended(c *cursor) {
	n := c.uleb()
	if n == 0 || n > uint64(len(c.b)-c.at) {
		c.fail()
		return
	}
	next := c.at + int(n)
	switch c.u8() {
	case opEndSequence:
		m.row(true)
		m.end()
	case opSetAddress:
		m.addr = c.u64()
		m.operation = 0
	}
	if !c.bad {
		c.at = next
	}
}

// row appends one; of several for an address the last one counts.
func (m *machine) row(end bool) {
	if !m.begun {
		m.begun = true
		m.kept = m.keep(m.addr)
	}
	if !m.kept {
		return
	}
	l := m.lines
	row := Row{Addr: m.addr, Line: uint32(m.line), End: end}
	if m.file < uint64(len(l.Files)) {
		row.File = l.Files[m.file]
	}
	if m.line < 0 || m.line > largestKnownLine {
		row.Line = 0
	}
	if n := len(l.Rows); n > m.start && l.Rows[n-1].Addr == m.addr && !end {
		l.Rows[n-1] = row
		return
	}
	l.Rows = append(l.Rows, row)
}

func (m *machine) end() {
	l := m.lines
	last := len(l.Rows)
	if m.kept && last-m.start >= 2 && l.Rows[last-1].Addr > l.Rows[m.start].Addr {
		l.Sequences = append(l.Sequences, Sequence{Range{Start: l.Rows[m.start].Addr, End: l.Rows[last-1].Addr}, m.start, last})
		m.start = last
	} else {
		l.Rows = l.Rows[:m.start]
	}
	m.reset()
}
