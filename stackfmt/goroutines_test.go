package stackfmt_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// dumps returns real outputs of crashed programs by name.
func dumps(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/goroutines/*.txt")
	if err != nil || len(files) < 25 {
		t.Fatalf("dumps: %d files, %v", len(files), err)
	}
	all := make(map[string][]byte)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(f), ".txt")] = text
	}
	return all
}

// TestParseGoroutinesKnowsEveryLine: the outputs of the runtime hold no line
// that the parser does not understand, and as many goroutines as headers.
func TestParseGoroutinesKnowsEveryLine(t *testing.T) {
	for name, text := range dumps(t) {
		d := stackfmt.ParseGoroutines(text)
		for _, u := range d.Unknown {
			t.Errorf("%s:%d: unknown line %q", name, u.Number, u.Text)
		}
		want := bytes.Count(append([]byte("\n"), text...), []byte("\ngoroutine ")) + bytes.Count(text, []byte("\nruntime stack:"))
		if len(d.Goroutines) != want {
			t.Errorf("%s: %d goroutines, want %d", name, len(d.Goroutines), want)
		}
		frames := 0
		for i := range d.Goroutines {
			g := &d.Goroutines[i]
			frames += len(g.Stack)
			if g.CreatedBy.Func != "" {
				frames++
			}
			for _, a := range g.Ancestors {
				frames += len(a.Stack)
				if a.CreatedBy.Func != "" {
					frames++
				}
			}
		}
		// Each call has one line that starts with a tab, an elision none.
		wantFrames := bytes.Count(text, []byte("\n\t/")) + bytes.Count(text, []byte("\n\t_cgo")) +
			bytes.Count(text, []byte("\n\tpc=")) + bytes.Count(text, []byte("frames elided...\n"))
		if name == "trimpath" {
			wantFrames = bytes.Count(text, []byte("\n\t"))
		}
		if frames != wantFrames {
			t.Errorf("%s: %d frames, want %d", name, frames, wantFrames)
		}
	}
}

func TestParseGoroutinesReasons(t *testing.T) {
	d := dumps(t)
	parse := func(name string) *stackfmt.GoroutineDump {
		if d[name] == nil {
			t.Fatalf("no dump %q", name)
		}
		return stackfmt.ParseGoroutines(d[name])
	}
	for name, want := range map[string][]stackfmt.Panic{
		"panic":      {{Message: "boom"}},
		"panicml":    {{Message: "boom\nline two\n\nline four"}},
		"repanic":    {{Message: "first", Recovered: true, Repanicked: true}},
		"nested3":    {{Message: "first"}, {Message: "second"}, {Message: "third"}},
		"recovered2": {{Message: "first", Recovered: true}, {Message: "other"}},
		"custom":     {{Message: `main.S("s")`}},
	} {
		if got := parse(name).Panics; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: panics %+v, want %+v", name, got, want)
		}
	}
	over := parse("overflow")
	if over.Fatal != "stack overflow" || len(over.Details) != 2 || !strings.HasPrefix(over.Details[0], "runtime: goroutine stack exceeds") {
		t.Errorf("overflow: fatal %q, details %q", over.Fatal, over.Details)
	}
	if over.Goroutines[0].ID != -1 || over.Goroutines[0].Header() != "runtime stack:" {
		t.Errorf("overflow: first stack is %q", over.Goroutines[0].Header())
	}
	elided := 0
	for _, f := range over.Goroutines[1].Stack {
		elided += f.Elided
	}
	if elided != 87177 {
		t.Errorf("overflow: %d frames elided", elided)
	}
	bad := parse("badaddr")
	if len(bad.Signals) != 1 || bad.Signals[0].Name != "SIGSEGV" || bad.Signals[0].Addr != 0x12345678 ||
		bad.Signals[0].Code != 1 || bad.Signals[0].PC != 0x4bad94 || bad.Fatal != "fault" {
		t.Errorf("badaddr: %+v, fatal %q", bad.Signals, bad.Fatal)
	}
	segv := parse("segv_provider")
	if len(segv.Signals) != 1 {
		t.Fatalf("segv: signals %+v", segv.Signals)
	}
	s := segv.Signals[0]
	if s.Text != "segmentation violation" || s.Addr != 8 || !s.InCgo || s.Thread != 3 || len(s.Registers) != 21 ||
		s.Registers[0] != (stackfmt.Register{Name: "rax", Value: 0x4bb5c0}) {
		t.Errorf("segv: signal %+v", s)
	}
	crash := parse("segv_crash")
	if len(crash.Signals) != 6 || crash.Signals[5].Name != "SIGQUIT" || len(crash.Signals[5].Registers) != 21 {
		t.Errorf("segv_crash: %d signals", len(crash.Signals))
	}
	if ab := parse("abort").Signals[0]; ab.Name != "SIGABRT" || ab.Code != -6 {
		t.Errorf("abort: %+v", ab)
	}
}

// TestParseGoroutinesCFrames: calls of C printed through a traceback provider,
// one with a C++ signature and a path with a space, one without a position.
func TestParseGoroutinesCFrames(t *testing.T) {
	d := stackfmt.ParseGoroutines(dumps(t)["segv_provider"])
	st := d.Goroutines[0].Stack.Frames()
	got := st[len(st)-4:]
	want := stackfmt.Stack{
		{File: "/usr/local/go/src/runtime/cgocall.go", Line: 167, Func: "runtime.cgocall", Offset: 0x4b, PC: 0x47bc0b, Args: got[0].Args},
		{File: "/src/my dir/decoder.cc", Line: 88, Func: "ns::Decoder<int>::run(int, char const*)", PC: 0x4bb5e4},
		{Func: "c_mid", PC: 0x4bb5f4},
		{File: "/src/leaf.c", Line: 3, Func: "c_leaf", PC: 0x4bb5d4},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	for _, text := range []string{"non-Go function at pc=0x7f00\n", "non-Go function\n\tpc=0x7f00\n"} {
		d := stackfmt.ParseGoroutines([]byte("goroutine 1 [syscall]:\n" + text))
		if want := (stackfmt.Stack{{PC: 0x7f00}}); !reflect.DeepEqual(d.Goroutines[0].Stack.Frames(), want) || d.Unknown != nil {
			t.Errorf("%q: %+v", text, d)
		}
	}
}

func TestParseGoroutinesHeaders(t *testing.T) {
	for _, tt := range []struct {
		line string
		want stackfmt.Goroutine
	}{
		{"goroutine 7 [running]:", stackfmt.Goroutine{ID: 7, State: "running", Thread: -1}},
		{"goroutine 0 [idle]:", stackfmt.Goroutine{State: "idle", Thread: -1}},
		{"goroutine 17 [running, locked to thread]:", stackfmt.Goroutine{ID: 17, State: "running", Locked: true, Thread: -1}},
		{"goroutine 8 [select (no cases), 12 minutes, locked to thread]:", stackfmt.Goroutine{ID: 8, State: "select (no cases)", Wait: 12 * time.Minute, Locked: true, Thread: -1}},
		{"goroutine 9 gp=0xc000002380 m=nil [force gc (idle), 3 minutes]:", stackfmt.Goroutine{ID: 9, State: "force gc (idle)", Wait: 3 * time.Minute, Thread: -1}},
		{"goroutine 1 gp=0x1 m=3 mp=0x2 [syscall]:", stackfmt.Goroutine{ID: 1, State: "syscall", Thread: 3}},
		{"goroutine 5 [chan receive (durable), synctest bubble 4]:", stackfmt.Goroutine{ID: 5, State: "chan receive", Durable: true, Bubble: 4, Thread: -1}},
		{"goroutine 5 [chan send (nil chan) (scan), 1 minutes]:", stackfmt.Goroutine{ID: 5, State: "chan send (nil chan) (scan)", Wait: time.Minute, Thread: -1}},
		{`goroutine 5 [select, 2 minutes labels:{"a\"]:": "b, c", "d": ""}]:`, stackfmt.Goroutine{ID: 5, State: "select", Wait: 2 * time.Minute, Labels: []stackfmt.Label{{Key: `a"]:`, Value: "b, c"}, {Key: "d"}}, Thread: -1}},
		{"goroutine 5 [???, new thing, locked to thread]:", stackfmt.Goroutine{ID: 5, State: "???, new thing", Locked: true, Thread: -1}},
	} {
		d := stackfmt.ParseGoroutines([]byte(tt.line + "\nmain.f(0x1, {0x2, 0x3}, ...)\n\tC:/src/a b.go:12 +0x1d\n"))
		if len(d.Goroutines) != 1 {
			t.Errorf("%s: %+v", tt.line, d)
			continue
		}
		g := d.Goroutines[0]
		if want := (stackfmt.Stack{{File: "C:/src/a b.go", Line: 12, Func: "main.f", Offset: 0x1d, Args: "0x1, {0x2, 0x3}, ..."}}); !reflect.DeepEqual(g.Stack.Frames(), want) {
			t.Errorf("%s: stack %+v", tt.line, g.Stack)
		}
		g.Stack, g.CreatedBy = nil, nil
		if !reflect.DeepEqual(g, tt.want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", tt.line, g, tt.want)
		}
		if !strings.Contains(tt.line, "gp=") && !strings.Contains(tt.line, "???") && g.Header() != tt.line {
			t.Errorf("header %q, want %q", g.Header(), tt.line)
		}
	}
	for _, line := range []string{"goroutine [running]:", "goroutine x [running]:", "goroutine 1 [running]", "goroutine 1 [:", "goroutine 1 [] {:", "goroutine 99999999999999999999 [running]:", "goroutine 1 zz [running]:"} {
		if d := stackfmt.ParseGoroutines([]byte(line)); len(d.Goroutines) != 0 || len(d.Unknown) != 1 || d.Unknown[0].Text != line {
			t.Errorf("%q: %+v", line, d)
		}
	}
}

func TestParseGoroutinesMore(t *testing.T) {
	text := "Exception 0xc0000005 0x1 0x8 0x4bb5e0\r\nPC=0x4bb5e0\r\n\r\n" +
		"  goroutine 3 [running]:\r\n  \tgoroutine running on other thread; stack unavailable\r\n  created by main.f.func1 in goroutine 1\r\n  \tD:/x.go:3 +0x1\r\n" +
		"goroutine 4 [select]:\nmain.(*T[...]).m-fm(...)\n\tx.go:1\n...additional frames elided...\ncreated by old.Style\n\ty.go:2 +0x2\n" +
		"SIGILL: illegal instruction\nPC=0x1 m=0 sigcode=2\ninstruction bytes: 0xf 0xb\n"
	d := stackfmt.ParseGoroutines([]byte(text))
	if d.Unknown != nil || len(d.Goroutines) != 2 || len(d.Signals) != 2 {
		t.Fatalf("%+v", d)
	}
	if s := d.Signals[0]; s.Name != "Exception" || s.Code != 0xc0000005 || s.Addr != 8 || s.PC != 0x4bb5e0 {
		t.Errorf("exception: %+v", s)
	}
	if s := d.Signals[1]; !bytes.Equal(s.Instruction, []byte{0xf, 0xb}) || s.Code != 2 {
		t.Errorf("SIGILL: %+v", s)
	}
	g := d.Goroutines[0]
	if !g.Unavailable || g.Parent != 1 || !reflect.DeepEqual(g.CreatedBy.Frame(), stackfmt.Frame{File: "D:/x.go", Line: 3, Func: "main.f.func1", Offset: 1}) {
		t.Errorf("goroutine 3: %+v", g)
	}
	g = d.Goroutines[1]
	if g.CreatedBy.Func != "old.Style" || g.Parent != 0 || len(g.Stack) != 2 || g.Stack[0].Elided != -1 || g.Stack[1].Func != "main.(*T[...]).m-fm" {
		t.Errorf("goroutine 4: %+v", g)
	}
	anc := stackfmt.ParseGoroutines(dumps(t)["ancestors"])
	found := false
	for _, g := range anc.Goroutines {
		for _, a := range g.Ancestors {
			found = found || a.ID == 1 && len(a.Stack) == 2 && a.Stack[1].Func == "main.parked" && a.Stack[1].Args == "..."
		}
	}
	if !found {
		t.Error("no ancestor with its stack")
	}
}

// TestParseGoroutinesKeepsStrayLines writes a foreign line into every place of
// every dump. It has to be found again, and may cost no goroutine.
func TestParseGoroutinesKeepsStrayLines(t *testing.T) {
	const stray = "2026/11/22 08:00:00 INFO a log line: x"
	every := 1
	if testing.Short() {
		every = 16
	}
	for name, text := range dumps(t) {
		want := stackfmt.ParseGoroutines(text)
		lines := bytes.SplitAfter(text, []byte("\n"))
		for i := 0; i < len(lines); i += every {
			var b []byte
			b = append(b, bytes.Join(lines[:i], nil)...)
			b = append(append(b, stray...), '\n')
			b = append(b, bytes.Join(lines[i:], nil)...)
			got := stackfmt.ParseGoroutines(b)
			if len(got.Unknown) == 0 || got.Unknown[0].Text != stray || got.Unknown[0].Number != i+1 {
				t.Fatalf("%s: line %d: unknown %+v", name, i+1, got.Unknown)
			}
			if len(got.Goroutines) != len(want.Goroutines) {
				t.Fatalf("%s: line %d: %d goroutines, want %d", name, i+1, len(got.Goroutines), len(want.Goroutines))
			}
			for k := range got.Goroutines {
				if !reflect.DeepEqual(got.Goroutines[k], want.Goroutines[k]) {
					t.Fatalf("%s: line %d: goroutine %d changed", name, i+1, k)
				}
			}
		}
	}
}

// TestParseGoroutinesLive reads this process: its own goroutine and one that
// waits.
func TestParseGoroutinesLive(t *testing.T) {
	stop := make(chan struct{})
	ready := make(chan struct{})
	go func() { close(ready); <-stop }()
	<-ready
	defer close(stop)
	buf := make([]byte, 1<<20)
	d := stackfmt.ParseGoroutines(buf[:runtime.Stack(buf, true)])
	if len(d.Unknown) > 0 {
		t.Errorf("unknown: %+v", d.Unknown)
	}
	self := d.Goroutines[0]
	if self.State != "running" || self.Stack[len(self.Stack)-1].Func != "github.com/epitaph-go/epitaph/stackfmt_test.TestParseGoroutinesLive" {
		t.Errorf("self: %s %+v", self.Header(), self.Stack)
	}
	if d.Traceback() != nil {
		t.Error("a live dump has a reason")
	}
}

func TestGoroutineDumpTraceback(t *testing.T) {
	d := stackfmt.ParseGoroutines(dumps(t)["nested3"])
	tb := d.Traceback()
	var got []string
	for ; tb != nil; tb = tb.Context {
		inner := ""
		if n := len(tb.Stack); n > 0 {
			inner = tb.Stack[n-1].Func
		}
		got = append(got, tb.Type+": "+tb.Message+" in "+inner)
	}
	want := []string{"panic: third in main.main.func3.1", "panic: second in main.main.func3", "panic: first in main.main"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	over := stackfmt.ParseGoroutines(dumps(t)["overflow"]).Traceback()
	if over.Type != "fatal error" || over.Stack[len(over.Stack)-1].Func != "main.over" {
		t.Errorf("overflow: %s in %+v", over.Type, over.Stack[len(over.Stack)-1])
	}
	segv := stackfmt.ParseGoroutines(dumps(t)["segv"]).Traceback()
	if segv.Type != "SIGSEGV" || segv.Message != "segmentation violation" {
		t.Errorf("segv: %+v", segv)
	}
	idx := stackfmt.ParseGoroutines(dumps(t)["nil"]).Traceback()
	if len(idx.Notes) != 1 || !strings.HasPrefix(idx.Notes[0], "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x") {
		t.Errorf("nil: %+v", idx)
	}
}

// FuzzParseGoroutines: no input may panic, none may lose a word, and a stream
// says the same as a text.
func FuzzParseGoroutines(f *testing.F) {
	for _, text := range dumps(f) {
		if len(text) < 8<<10 {
			f.Add(text, 5)
		}
	}
	f.Add([]byte("goroutine 1 [a labels:{\"\": \"\"}]:\nf()\n\tx:1 pc=0x1\n"), 1)
	f.Fuzz(func(t *testing.T, text []byte, at int) {
		const stray = "?stray line?"
		lines := bytes.SplitAfter(text, []byte("\n"))
		at = min(max(at, 0), len(lines)-1)
		var b []byte
		b = append(b, bytes.Join(lines[:at], nil)...)
		b = append(append(b, stray...), '\n')
		b = append(b, bytes.Join(lines[at:], nil)...)
		d := stackfmt.ParseGoroutines(b)
		if !strings.Contains(fmt.Sprintf("%+v", d), stray) {
			t.Fatalf("the stray line is lost: %+v", d)
		}
		longest := 0
		for _, l := range lines {
			longest = max(longest, len(l))
		}
		n := 0
		for p, err := range stackfmt.ScanGoroutines(bytes.NewReader(b)) {
			if err != nil {
				t.Fatal(err)
			}
			if p.Goroutine != nil {
				if longest < 60<<10 && !reflect.DeepEqual(*p.Goroutine, d.Goroutines[n]) {
					t.Fatalf("goroutine %d differs in the stream", n)
				}
				n++
			}
		}
		if longest < 60<<10 && n != len(d.Goroutines) {
			t.Fatalf("%d goroutines in the stream, %d in the text", n, len(d.Goroutines))
		}
		d.Traceback()
		groups := stackfmt.GroupStacks(d.Goroutines)
		members := 0
		for i := range groups {
			members += len(groups[i].IDs)
			groups[i].Header()
		}
		if members != len(d.Goroutines) {
			t.Fatalf("%d of %d goroutines in groups", members, len(d.Goroutines))
		}
	})
}

func BenchmarkParseGoroutines(b *testing.B) {
	text := dumps(b)["gopanic_all"]
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		stackfmt.ParseGoroutines(text)
	}
}
