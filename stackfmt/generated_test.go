package stackfmt_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A generated program consists of functions whose lines call each other in many
// ways, or fail in many ways, and knows of each call and failure which expression
// it was. STACKFMT_GENERATED is how many functions to make.

func generatedFunctions(t *testing.T, few int) int {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a program")
	}
	text := os.Getenv("STACKFMT_GENERATED")
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("STACKFMT_GENERATED=%s is no number", text)
	}
	return n
}

func generatorSeed(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("STACKFMT_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("STACKFMT_SEED=%d", seed)
	return seed
}

// runGenerated builds the files as a program of this module, runs it and returns
// what it prints. The folder exists for the go command only, so the sources are
// found by rewriting their paths.
func runGenerated(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(here, "internal", "generated")
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for name, text := range files {
		real := filepath.Join(dir, name)
		if err := os.WriteFile(real, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		overlay.Replace[filepath.Join(folder, name)] = real
	}
	list, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), list, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	exe := filepath.Join(dir, "generated.exe")
	args := []string{"build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", exe}
	args = append(args, strings.Fields(os.Getenv("STACKFMT_BUILD"))...)
	if out, err := exec.CommandContext(ctx, "go", append(args, "./internal/generated")...).CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%.4000s", err, out)
	}
	cmd := exec.CommandContext(ctx, exe, folder, dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("running: %v\n%s\n%.4000s", err, out, stderr.String())
	}
	if os.Getenv("SHOW") != "" {
		t.Log(string(out))
	}
	return string(out)
}

// tally reads the program's last line.
func tally(t *testing.T, out string) (frames, right int) {
	t.Helper()
	wrong := 0
	lines := strings.Split(strings.TrimSpace(out), "\n")
	last := lines[len(lines)-1]
	if _, err := fmt.Sscanf(last, "frames %d right %d false %d", &frames, &right, &wrong); err != nil {
		t.Fatalf("%v in %q", err, last)
	}
	if wrong > 0 {
		t.Errorf("%d false carets:\n%.6000s", wrong, out)
	}
	t.Logf("%d frames, %d carets right (%.1f %%), %d false", frames, right, 100*float64(right)/float64(max(frames, 1)), wrong)
	return frames, right
}

// TestGeneratedCalls: no caret marks a call that was not the one that was being
// made, and most calls have one.
func TestGeneratedCalls(t *testing.T) {
	shared, err := os.ReadFile("testdata/generated/calls.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		values bool // with function values
		least  float64
	}{{"named", false, 0.75}, {"values", true, 0.60}} {
		t.Run(test.name, func(t *testing.T) {
			n := generatedFunctions(t, 100)
			rnd := rand.New(rand.NewPCG(generatorSeed(t), 2))
			frames, right := 0, 0
			for made := 0; made < n; made += functionsPerProgram {
				g := callGenerator{rnd: rnd, n: min(n-made, functionsPerProgram), values: test.values, id: 2000}
				files := g.files()
				files["shared.go"] = string(shared)
				f, r := tally(t, runGenerated(t, files))
				frames, right = frames+f, right+r
			}
			t.Logf("%d functions: %d frames, %.1f %% have a caret", n, frames, 100*float64(right)/float64(max(frames, 1)))
			if frames < 2*n {
				t.Errorf("only %d frames of %d functions", frames, n)
			}
			if share := float64(right) / float64(frames); share < test.least {
				t.Errorf("%.1f %% have a caret, want %.0f", 100*share, 100*test.least)
			}
		})
	}
}

// callGenerator writes functions that call each other.
type callGenerator struct {
	rnd    *rand.Rand
	n, id  int
	values bool
	b      *strings.Builder
	self   int
	level  int    // of loops over functions
	local  string // a variable that holds a function, "" if there is none
	indent string
}

const (
	functionsPerFile = 250
	// functionsPerProgram bounds a program, as the compiler needs ever longer for
	// each function of a package in which function values flow everywhere.
	functionsPerProgram = 500
)

func (g *callGenerator) files() map[string]string {
	files := map[string]string{}
	for from := 0; from < g.n; from += functionsPerFile {
		g.b = &strings.Builder{}
		g.b.WriteString("package main\n\nimport \"fmt\"\n\nvar _ = fmt.Sprint\n\n")
		for g.self = from; g.self < min(g.n, from+functionsPerFile); g.self++ {
			g.function()
		}
		files[fmt.Sprintf("part%d.go", from)] = g.b.String()
	}
	var b strings.Builder
	b.WriteString("package main\n\nimport \"fmt\"\n\nfunc main() {\n\tfor range 6 {\n")
	for i := range g.n {
		fmt.Fprintf(&b, "\t\troot(f%d, %d)\n", i, g.next())
	}
	b.WriteString("\t}\n\tfmt.Println(\"frames\", frames, \"right\", right, \"false\", wrong)\n}\n")
	files["main.go"] = b.String()
	return files
}

func (g *callGenerator) next() int { g.id++; return g.id }

func (g *callGenerator) chance(percent int) bool { return g.rnd.IntN(100) < percent }

func (g *callGenerator) line(format string, args ...any) {
	fmt.Fprintf(g.b, g.indent+format+"\n", args...)
}

// depth is what a call passes as its depth.
func (g *callGenerator) depth() string { return "d+" + strconv.Itoa(1+2*g.level) }

// named returns the name of a function to call: a later one, so that calls end,
// or one of the shared.
func (g *callGenerator) named() string {
	if later := g.n - g.self - 1; later > 0 && g.chance(80) {
		return "f" + strconv.Itoa(g.self+1+g.rnd.IntN(min(later, 12)))
	}
	return []string{"do", "t.value", "t.pointer", "o.pointer", "i.pointer", "t.Close"}[g.rnd.IntN(6)]
}

func (g *callGenerator) args(nested int) string {
	x := "x"
	if nested > 0 && g.chance(40) {
		x = g.call(nested - 1)
	}
	sep := ", "
	if g.chance(4) {
		sep = ",\n" + g.indent + "\t"
	}
	return fmt.Sprintf("(%d, %s%s%s)", g.next(), g.depth(), sep, x)
}

// call returns an expression that calls something.
func (g *callGenerator) call(nested int) string {
	if g.values && g.chance(30) {
		return g.valueCall(nested)
	}
	switch g.rnd.IntN(12) {
	case 0:
		return fmt.Sprintf("generic(%d, %s, %q, x)", g.next(), g.depth(), "s")
	case 1:
		return fmt.Sprintf("generic[int](%d, %s, 1, x)", g.next(), g.depth())
	case 2:
		return fmt.Sprintf("len(fmt.Sprint(%s))", g.call(0))
	case 3:
		return fmt.Sprintf("int(int64(%s))", g.call(0))
	}
	return g.named() + g.args(nested)
}

// valueCall calls a function value, or something whose name says nothing.
func (g *callGenerator) valueCall(nested int) string {
	f := g.named()
	switch g.rnd.IntN(9) {
	case 0:
		return "t.do" + g.args(nested)
	case 1:
		return "o.in.hook" + g.args(nested)
	case 2:
		return "fs[x&1]" + g.args(nested)
	case 3:
		return fmt.Sprintf("pick(%d, %s, %s)", g.next(), g.depth(), f) + g.args(0)
	case 4:
		return fmt.Sprintf("apply(%d, %s, %s, x)", g.next(), g.depth(), f)
	case 5:
		return fmt.Sprintf("twice(%d, %s, x, %s)", g.next(), g.depth(), f)
	case 6:
		return "thing.value" + strings.Replace(g.args(0), "(", "(*t, ", 1)
	case 7:
		return "global" + g.args(nested)
	}
	if g.local == "" {
		return f + g.args(nested)
	}
	return g.local + g.args(nested)
}

func (g *callGenerator) expr() string {
	e := g.call(2)
	for g.chance(35) {
		e += []string{" + ", " - ", " ^ "}[g.rnd.IntN(3)] + g.call(1)
	}
	return e
}
