package block_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/epitaph-go/epitaph/internal/symindex/block"
	"github.com/epitaph-go/epitaph/internal/symindex/offheap"
)

// assemble makes a block of one part, with names and files n1, f1, n2, …
func assemble(t *testing.T, start uint64, p *block.Part) *block.Block {
	t.Helper()
	b := offheap.NewBuffer(1 << 24)
	b.Extend(block.HeaderSize)
	var e block.Encoder
	e.Encode(b, p)
	tables := block.Tables{Flags: block.Rows | block.Inlined, BuildID: []byte{1, 2, 3}, Base: 0x1000,
		Parts: []block.PartEntry{{Start: start, Name: 1}}, Files: []uint32{0}, Names: []uint32{0}, StringAt: b.Len()}
	b.WriteString("\x00")
	for i := 1; i < 50; i++ {
		tables.Names = append(tables.Names, uint32(b.Len()-tables.StringAt))
		b.WriteString(fmt.Sprintf("n%d\x00", i))
		tables.Files = append(tables.Files, uint32(b.Len()-tables.StringAt))
		b.WriteString(fmt.Sprintf("f%d\x00", i))
	}
	if err := block.Finish(b, &tables); err != nil {
		t.Fatal(err)
	}
	data, err := b.Take()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { offheap.Free(data) })
	parsed, err := block.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// want is the chain of a row, by its definition.
func want(p *block.Part, r *block.Row) []block.Frame {
	var frames []block.Frame
	s := &p.Scopes[r.Scope]
	file, line, near := s.File, r.Line, r.Near
	for {
		f := block.Frame{Func: "n1", File: fmt.Sprintf("f%d", file), Line: int(line), Near: near}
		if s.Parent == block.NoParent {
			return append(frames, f)
		}
		f.Func, f.Inlined = fmt.Sprintf("n%d", s.Name), true
		frames = append(frames, f)
		file, line, near = s.CallFile, s.CallLine, false
		s = &p.Scopes[s.Parent]
	}
}

func TestLookupGivesWhatWasEncoded(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 100 {
		p := &block.Part{}
		for i := range uint32(1 + random.IntN(40)) {
			s := block.Scope{Parent: block.NoParent, File: 1 + random.Uint32N(40)}
			if i > 0 && random.IntN(4) > 0 {
				s.Parent, s.Name = random.Uint32N(i), 1+random.Uint32N(40)
				s.CallFile, s.CallLine = 1+random.Uint32N(40), random.Uint32N(block.MaxLine)
			}
			p.Scopes = append(p.Scopes, s)
		}
		pc := uint32(0)
		for range 1 + random.IntN(300) {
			line := random.Uint32N(30)
			if random.IntN(10) == 0 {
				line = random.Uint32N(block.MaxLine)
			}
			p.Rows = append(p.Rows, block.Row{PC: pc, Scope: random.Uint32N(uint32(len(p.Scopes))), Line: line, Near: random.IntN(5) == 0})
			pc += 1 + random.Uint32N(20)
			if random.IntN(10) == 0 {
				pc += random.Uint32N(1 << 20)
			}
		}
		p.Size = pc
		b := assemble(t, 0x2000, p)
		for i := range p.Rows {
			r := &p.Rows[i]
			last := p.Size
			if i+1 < len(p.Rows) {
				last = p.Rows[i+1].PC
			}
			for _, pc := range []uint32{r.PC, last - 1} {
				got, start, ok := b.Lookup(0x2000+uint64(pc), nil)
				if !ok || start != 0x2000 || fmt.Sprint(got) != fmt.Sprint(want(p, r)) {
					t.Fatalf("row %d at %d: %v %x, want %v", i, pc, got, start, want(p, r))
				}
			}
		}
		for _, pc := range []uint64{0, 0xfff, 0x1fff, 0x2000 + uint64(p.Size), 1 << 40} {
			if got, _, ok := b.Lookup(pc, nil); ok {
				t.Fatalf("0x%x: %v", pc, got)
			}
		}
	}
}

// A chain has no largest depth.
func TestDeepChain(t *testing.T) {
	p := &block.Part{Size: 10, Rows: []block.Row{{Scope: 99, Line: 7}}}
	for i := range uint32(100) {
		p.Scopes = append(p.Scopes, block.Scope{Parent: i - 1, Name: 1 + i%40, CallFile: 2, CallLine: i, File: 3})
	}
	p.Scopes[0].Parent = block.NoParent
	got, _, ok := assemble(t, 0x1000, p).Lookup(0x1009, nil)
	if !ok || len(got) != 100 || got[0].Line != 7 || got[1].Line != 99 || got[99].Func != "n1" || got[99].Inlined {
		t.Errorf("%d frames: %v", len(got), got)
	}
}
