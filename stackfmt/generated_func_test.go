package stackfmt_test

import (
	"fmt"
	"strconv"
)

// function writes one function: its deferred calls, some statements, a return.
func (g *callGenerator) function() {
	g.indent, g.local, g.level = "", "", 0
	g.line("func f%d(id, d, x int) (r int) {", g.self)
	g.indent = "\t"
	g.line("if enter(id, d) {")
	g.line("\treturn x")
	g.line("}")
	g.line("t := &thing{n: 1, do: do}")
	g.line("o := outer{t}")
	g.line("var i doer = t")
	later := "do"
	if g.self+1 < g.n {
		later = "f" + strconv.Itoa(g.self+1)
	}
	if g.values {
		g.line("fs := []fn{do, t.value}")
		g.line("global, t.do, t.in.hook = %s, %s, t.pointer", later, g.named())
		g.line("_ = fs")
	}
	g.line("_, _, _ = t, o, i")
	panics := g.defers()
	if g.values {
		g.variable()
	}
	for range 2 + g.rnd.IntN(4) {
		g.statement(2)
	}
	if panics {
		id := g.next()
		g.line("panicked[d] = %d", id)
		g.line("if draw(2) == 0 { panic(fmt.Sprint(%d, %s)) }", id, g.call(0))
		g.line("panicked[d] = %d", g.id+1)
		g.line("panic(%d)", g.next())
		g.indent = ""
		g.line("}\n")
		return
	}
	switch g.rnd.IntN(4) {
	case 0:
		g.line("return %s +", g.expr())
		g.line("\t%s", g.call(1))
	case 1:
		g.line("r = %s", g.expr())
		g.line("return")
	default:
		g.line("return %s", g.expr())
	}
	g.indent = ""
	g.line("}\n")
}

// defers writes deferred calls. It says whether the function may panic: the last
// of them recovers then, so that no other frame's runs while it does.
func (g *callGenerator) defers() bool {
	for g.chance(30) {
		switch g.rnd.IntN(5) {
		case 0:
			g.line("defer func(id, d int) { enter(id, d); x++ }(%d, d+1)", g.next())
		case 1:
			g.line("defer func(id, d int) {")
			g.line("\tenter(id, d)")
			g.line("\tr += %s", g.call(0))
			g.line("}(%d, d+1)", g.next())
		case 2:
			g.line("for range x & 1 {")
			g.line("\tdefer %s(%d, d+1, x)", g.named(), g.next())
			g.line("}")
		case 3:
			if g.values {
				g.line("defer fs[0](%d, d+1, x)", g.next())
				continue
			}
			fallthrough
		default:
			g.line("defer %s(%d, d+1, x)", g.named(), g.next())
		}
	}
	if g.chance(85) {
		return false
	}
	g.line("defer func(id, d int) {")
	g.line("\tenter(id, d)")
	g.line("\tif e := recover(); e != nil { r = len(fmt.Sprint(e)) }")
	g.line("}(%d, d+1)", g.next())
	return g.chance(50)
}

// variable declares a local variable that holds a function.
func (g *callGenerator) variable() {
	v := "v" + strconv.Itoa(g.rnd.IntN(3))
	switch g.rnd.IntN(6) {
	case 0:
		g.line("%s := %s", v, g.named())
	case 1:
		g.line("%s := func(id, d, x int) int {", v)
		g.line("\tif enter(id, d) { return x }")
		g.line("\treturn %s", g.call(0))
		g.line("}")
	case 2:
		g.line("%s := func(id, d, x int) int { enter(id, d); return x }", v)
	case 3:
		g.line("%s := %s", v, g.named())
		g.line("if x > 7 { %s = %s }", v, g.named())
	case 4:
		g.line("var %s fn", v)
		g.line("%s = %s", v, g.named())
	default:
		return
	}
	g.line("_ = %s", v)
	g.local = v
}

// statement writes a statement, with others within up to a depth.
func (g *callGenerator) statement(depth int) {
	switch k := g.rnd.IntN(13); {
	case k < 4:
		g.line("x = %s", g.expr())
	case k == 4:
		g.line("%s", g.named()+g.args(1))
	case k == 5 && depth > 0:
		g.line("if y := %s; y > %s {", g.call(1), g.call(0))
		g.block(depth)
	case k == 6 && depth > 0:
		g.line("for j := 0; j < 2+%s&1; j++ {", g.call(0))
		g.block(depth)
	case k == 7 && depth > 0 && g.level == 0:
		// The body is a function of its own: that of the range is one deeper,
		// the body the next.
		fmt.Fprintf(g.b, "%sfor v, id := range seq(%d, %s, x) {\n", g.indent, g.next(), g.depth())
		g.line("\tmade[d+2] = id")
		if g.chance(20) {
			g.line("\tif v > 5 { return %s }", "v")
		}
		g.line("\tx += v")
		g.level++
		g.block(depth)
		g.level--
	case k == 8:
		g.line("x += func(id, d, x int) int { enter(id, d); return %s }(%d, %s, x)", g.inLiteral(), g.next(), g.depth())
	case k == 9:
		g.line("switch %s {", g.call(1))
		g.line("case %s: x++", g.call(0))
		g.line("}")
	case k == 10:
		g.line("x, r = %s, %s", g.call(1), g.call(1))
	case k == 11:
		g.line("if x > 3 && %s > %s { return %s }", g.call(1), g.call(0), g.call(0))
	default:
		g.line("x = t.")
		g.line("\tvalue(%d, %s, %s)", g.next(), g.depth(), g.call(0))
	}
}

// inLiteral returns a call in a function literal, whose depth is its own.
func (g *callGenerator) inLiteral() string {
	level := g.level
	g.level = 0
	defer func() { g.level = level }()
	return g.call(0)
}

func (g *callGenerator) block(depth int) {
	indent := g.indent
	g.indent += "\t"
	for range 1 + g.rnd.IntN(2) {
		g.statement(depth - 1)
	}
	g.indent = indent
	g.line("}")
}
