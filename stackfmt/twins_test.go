package stackfmt_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestTwins: of two calls of one name on one line none is marked, and where the lines
// differ the right one is. Each call of each shape fails in turn.
//
// A frame's line is that of the call's opening parenthesis, whether the callee was
// inlined or not. All else that package runtime's public functions tell of two calls on
// one line (Frame, FuncForPC, FileLine, Entry) is equal. The program counters differ, but
// their order is not that of the text: in
//
//	for x := F(1, 0); x+F(2, 0) < 1; x += 1 + F(3, 0) { use(F(4, 0)) }
//
// Go 1.26 and 1.27 put the calls in the order 1, 4, 3, 2, without optimisation in the
// order 1, 2, 4, 3. Without it, and inlined, all four have one program counter. Nested
// calls, jumps and inlined bodies that are moved have other orders, too. How many calls
// a line was compiled to, and where, only its machine code tells. With SHOW=1, -v prints
// the offsets.
func TestTwins(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	shapes, table := []byte("package main\n"), []byte("package main\n\nvar shapes = map[string]func(){\n")
	n := 0
	add := func(name, body string) {
		n++
		fn := fmt.Sprintf("shape%d%s", n, name)
		v := ""
		if strings.Contains(body, "v.") {
			v = "\tv := &t{}\n"
		}
		shapes = fmt.Appendf(shapes, "\nfunc %s() {\n%s\t%s\n}\n", fn, v, body)
		table = fmt.Appendf(table, "\t%q: %s,\n", fn, fn)
	}
	for _, name := range []string{"oneline", "lines", "split"} {
		for _, body := range shapesOf(t, name) {
			add(name, strings.NewReplacer("F", "f", "M", "m").Replace(body))
			add(name, strings.NewReplacer("F", "i", "M", "j").Replace(body)) // inlined
		}
	}
	check, err := os.ReadFile("testdata/twins/check.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := runGenerated(t, map[string]string{
		"check.go": string(check), "shapes.go": string(shapes), "table.go": string(append(table, '}', '\n')),
	})
	if frames, right := tally(t, out); frames < 500 || right < 250 {
		t.Errorf("%d frames, %d of them with a caret", frames, right)
	}
	if _, findings, ok := strings.Cut("\n"+out, "\n- "); ok {
		t.Errorf("- %s", findings)
	}
}

// shapesOf reads the statements of a file, which stand in paragraphs behind the first.
func shapesOf(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/twins/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	shapes := strings.Split(strings.TrimSpace(string(text)), "\n\n")[1:]
	if len(shapes) == 0 {
		t.Fatalf("%s.txt has no shapes", name)
	}
	return shapes
}
