package stackfmt_test

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// linesOfDumps are lines that a dump consists of, or that only look like them.
var linesOfDumps = []string{
	"goroutine 1 [running]:", "goroutine 2 [chan receive, 3 minutes]:", "goroutine 3 [select] {k: \"v,x\"}:", "goroutine 4 gp=0x1 m=0 mp=0x2 [idle]:",
	"goroutine 99999999999999999999 [x]:", "goroutine 5 []:", "goroutine 6 [sync.Mutex.Lock]:", "goroutine 7 [running]:x", "runtime stack:",
	"main.f(0x1)", "main.f(0x2, {0x3, ...})", "main.f(...)", "main.f()", "main.g[...](0x1)", "main.(*T).m(0x1?)", "main.f((0x1))", "main.f(0x1", "f(x) (y)",
	"created by main.f", "created by main.f in goroutine 1", "created by main.g[...] in goroutine 12", "created by main.f in goroutine x", "created by ",
	"\t/a.go:1 +0x1", "\t/a.go:2 +0x2", "\t/b c.go:3 +0x3", "\t/a.go:1", "\t/a.go:1 +0x1 fp=0x1 sp=0x2 pc=0x3", "\tpc=0x5", "\t/x.c:3 pc=0x7", "\t/a.go:-1 +0x1",
	"\t/a.go:1 +0xz", "\t\t/a.go:1 +0x1", "        /a.go:1 +0x1",
	"", "", "", "...5 frames elided...", "...additional frames elided...", "[originating from goroutine 3]:", "non-Go function at pc=0x7",
	"\tgoroutine running on other thread; stack unavailable", "panic: x", "\tpanic: y [recovered]", "fatal error: z", "SIGQUIT: quit", "PC=0x1 m=0 sigcode=0",
	"rax    0x1", "exit status 2", "a log line", "2026/01/01 12:00:00 main.f()", "[signal SIGSEGV: x code=0x1 addr=0x0 pc=0x1]",
	"    panic: x", "\tfatal error: y", "    goroutine 3 [select]:", "    main.f(0x1)", "    \t/a.go:1 +0x1", "    ", "    x_test.go:5: panic: z", "        ",
}

// TestRandomLines: a dump that is read at once, where much of it takes short ways, is what the stream
// yields, which reads each line by itself; whatever the lines, and whatever was read before.
func TestRandomLines(t *testing.T) {
	seed := generatorSeed(t)
	random := rand.New(rand.NewPCG(seed, 0))
	pick := func() string { return linesOfDumps[random.IntN(len(linesOfDumps))] }
	call := func() []string { return []string{linesOfDumps[9+random.IntN(6)], linesOfDumps[23+random.IntN(3)]} }
	for range 4000 {
		var lines []string
		for len(lines) < 3+random.IntN(60) {
			switch random.IntN(10) {
			case 0, 1, 2, 3:
				lines = append(lines, call()...)
			case 4:
				lines = append(lines, "created by main.f in goroutine 1", linesOfDumps[23+random.IntN(3)], "")
			case 5:
				lines = append(lines, linesOfDumps[random.IntN(4)])
			case 6:
				if n := len(lines); n > 2 { // again
					lines = append(lines, lines[random.IntN(n):n]...)
				}
			default:
				lines = append(lines, pick())
			}
		}
		end := []string{"\n", "\n", "\r\n"}[random.IntN(3)]
		text := strings.Join(lines, end)
		if random.IntN(2) == 0 {
			text += end
		}
		got := stackfmt.ParseGoroutines([]byte(text))
		var want stackfmt.GoroutineDump
		for p, err := range stackfmt.ScanGoroutines(strings.NewReader(text)) {
			switch {
			case err != nil:
				t.Fatal(err)
			case p.Goroutine != nil:
				want.Goroutines = append(want.Goroutines, *p.Goroutine)
			case p.Unknown != "":
				want.Unknown = append(want.Unknown, stackfmt.DumpLine{Number: p.Line, Text: p.Unknown})
			}
		}
		if !reflect.DeepEqual(got.Goroutines, want.Goroutines) || !reflect.DeepEqual(got.Unknown, want.Unknown) {
			t.Fatalf("%q\ngot  %+v\nwant %+v", text, got, want)
		}
		for i := range want.Goroutines {
			g := &want.Goroutines[i]
			g.Stack = withoutArgs(g.Stack)
			for k := range g.Ancestors {
				g.Ancestors[k].Stack = withoutArgs(g.Ancestors[k].Stack)
			}
		}
		if got := stackfmt.ParseGoroutines([]byte(text), stackfmt.WithArgs(false)); !reflect.DeepEqual(got.Goroutines, want.Goroutines) {
			t.Fatalf("without arguments: %q\ngot  %+v\nwant %+v", text, got, want)
		}
	}
}
