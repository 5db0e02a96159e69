package html

import (
	"fmt"
	"strings"

	"github.com/epitaph-go/epitaph/report"
)

// A machine is the last part of the page: registers, code, stack and modules.
type machine struct {
	Registers              []report.Register
	Hot                    map[string]bool
	Before, At, Behind     string // code
	Stack                  []report.StackRow
	Addresses              []report.CodeAddress
	Modules                []report.Module
	StackLost, ModulesLost int
	AddressesLost          int
}

func (b *builder) machine(room *budget) {
	r := b.r
	m := &machine{Hot: make(map[string]bool)}
	for _, reg := range r.Registers {
		if !room.take(cost(reg.Name) + 60) {
			break
		}
		m.Registers = append(m.Registers, reg)
		switch reg.Name {
		case "rip", "pc", "cr2", "fault":
			m.Hot[reg.Name] = true
		}
	}
	if c := r.Code; c != nil {
		m.code(c)
	}
	for i, row := range r.Stack {
		if row.Unreadable || !room.take(40+36*len(row.Words)) {
			m.StackLost = len(r.Stack) - i
			break
		}
		m.Stack = append(m.Stack, row)
	}
	for i, a := range r.Addresses {
		if !room.take(cost(a.Place) + cost(a.Where()) + 80) {
			m.AddressesLost = len(r.Addresses) - i
			break
		}
		m.Addresses = append(m.Addresses, a)
	}
	for i, mod := range r.Modules {
		if !room.take(cost(mod.Path) + len(mod.BuildID) + 100) {
			m.ModulesLost = len(r.Modules) - i
			break
		}
		m.Modules = append(m.Modules, mod)
	}
	if len(m.Registers)+len(m.Stack)+len(m.Modules)+len(m.Before)+len(m.At) > 0 {
		b.page.Machine = m
	}
}

// code splits the bytes around the one at the PC.
func (m *machine) code(c *report.Code) {
	bytes := c.Bytes[:min(len(c.Bytes), 256)]
	var parts [3]strings.Builder
	for i, v := range bytes {
		k := 0
		switch {
		case c.PC < 0:
		case i == c.PC:
			k = 1
		case i > c.PC:
			k = 2
		}
		if parts[k].Len() > 0 {
			parts[k].WriteByte(' ')
		}
		fmt.Fprintf(&parts[k], "%02x", v)
	}
	m.Before, m.At, m.Behind = parts[0].String(), parts[1].String(), parts[2].String()
}
