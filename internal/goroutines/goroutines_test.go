package goroutines_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/goroutines"
	"github.com/epitaph-go/epitaph/report"
)

func notOwn(string) bool { return false }

func render(s goroutines.Set, size int) string {
	to := make([]byte, size)
	return string(to[:s.Render(to, "live")])
}

// parse reads lines as a part of a report, in which nothing may be unknown and
// which must print as it was.
func parse(t *testing.T, text string) *report.Report {
	t.Helper()
	text = "Fatal error: Aborted\n\n" + text
	r, err := report.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Unknown) > 0 || r.String() != text {
		t.Fatalf("unknown lines %v in:\n%s\nprinted:\n%s", r.Unknown, text, r)
	}
	return r
}

const dump = `goroutine 5 [running, locked to thread]:
github.com/epitaph-go/epitaph/handler.(*responder).sleep(0x1)
	/src/handler/responder.go:77 +0x9b
created by github.com/epitaph-go/epitaph/handler.startResponder in goroutine 1
	/src/handler/responder.go:40 +0x1

goroutine 12 [chan receive, 3 minutes]:
main.wait(0x1)
	/src/a "b".go:10 +0x9b
created by main.start in goroutine 1
	/src/a.go:20 +0x1

goroutine 11 [chan receive, 7 minutes]:
main.wait(0x2)
	/src/a "b".go:10 +0x9b
created by main.start in goroutine 2
	/src/a.go:20 +0x1

goroutine 1 [syscall]:
main._Cfunc_f()
	_cgo_gotypes.go:5 +0x9b
main.deep()
	/src/a.go:30 +0x9b
main.deep()
	/src/a.go:30 +0x9b
main.deep()
	/src/a.go:30 +0x9b
main.deep()
	/src/a.go:30 +0x9b
...20 frames elided...
main.main()
	/src/a.go:31 +0x9b

goroutine 9 gp=0xc000002380 m=nil [select labels:{"request": "a, [b] = \"c\"", "élan": "1"}]:
runtime.gopark(0x1, 0x2)
	/go/runtime/proc.go:462 +0xce
main.serve()
	/src/a.go:40 +0x9b
created by main.start in goroutine 1
	/src/a.go:21 +0x1

goroutine 2 gp=0xc000002380 m=nil [force gc (idle)]:
runtime.gopark(0x1, 0x2)
	/go/runtime/proc.go:462 +0xce
runtime.forcegchelper()
	/go/runtime/proc.go:375 +0xb3
created by runtime.init.7 in goroutine 1
	/go/runtime/proc.go:363 +0x1a

goroutine 30 [running]:
	goroutine running on other thread; stack unavailable
created by main.start in goroutine 1
	/src/a.go:22 +0x1

goroutine 31 [runnable]:
created by github.com/epitaph-go/epitaph/handler.start in goroutine 1
	/src/h.go:66 +0x1
`

const rendered = `Goroutines: 5, live, in 4 groups; 2 of Epitaph's own not shown

Goroutine 1 [syscall, thread 77] (most recent call first):
  File "_cgo_gotypes.go", line 5 in main._Cfunc_f
  File "/src/a.go", line 30 in main.deep
  File "/src/a.go", line 30 in main.deep
  File "/src/a.go", line 30 in main.deep
  [Previous line repeated 1 more time]
  ... (20 more frames)
  File "/src/a.go", line 31 in main.main

Goroutines 11, 12 [chan receive, 3 to 7 minutes] (most recent call first):
  File "/src/a \x22b\x22.go", line 10 in main.wait
  Created by main.start, File "/src/a.go", line 20

Goroutine 9 [select, label request = a\x2c \x5bb\x5d \x3d \x22c\x22, label \u00e9lan = 1] (most recent call first):
  File "/src/a.go", line 40 in main.serve
  Created by main.start in goroutine 1, File "/src/a.go", line 21

Goroutine 30 [running] (most recent call first):
  <no stack: it was running>
  Created by main.start in goroutine 1, File "/src/a.go", line 22

`

func isOwn(f string) bool { return strings.HasPrefix(f, "github.com/epitaph-go/epitaph/handler.") }

func TestDump(t *testing.T) {
	set := goroutines.FromDump([]byte(dump), goroutines.Source{Alive: 6, Own: isOwn, Goroutine: 1, Thread: 77})
	text := render(set, 1<<16)
	if text != rendered {
		t.Errorf("got:\n%s\nwant:\n%s", text, rendered)
	}
	r := parse(t, text)
	if g := r.GoroutineGroups[1]; g.Wait() != 7*time.Minute || r.GoroutineGroups[0].Thread() != 77 {
		t.Errorf("%+v", r.GoroutineGroups)
	}
}

// Whatever the room is, what is written parses, and what there is no room for is
// counted.
func TestRoom(t *testing.T) {
	set := goroutines.FromDump([]byte(dump), goroutines.Source{Alive: 6, Own: isOwn})
	for size := range len(rendered) + 100 {
		text := render(set, size)
		if len(text) > size {
			t.Fatalf("%d bytes in %d", len(text), size)
		}
		if text == "" {
			if size > 120 {
				t.Fatalf("nothing in %d bytes", size)
			}
			continue
		}
		n := 0
		for _, g := range parse(t, text).GoroutineGroups {
			n += g.Count
		}
		if n != 5 {
			t.Fatalf("%d goroutines in:\n%s", n, text)
		}
	}
}

// A dump that fills its buffer lacks its end.
func TestCutDump(t *testing.T) {
	for size := range len(dump) {
		set := goroutines.FromDump([]byte(dump)[:size], goroutines.Source{Alive: 6, Cut: true, Own: isOwn})
		if set.Count != 6-set.Own {
			t.Fatalf("%d goroutines and %d own by the first %d bytes", set.Count, set.Own, size)
		}
		parse(t, render(set, 1<<16))
	}
}

//go:noinline
func parked(c chan int) { <-c }

func TestProfile(t *testing.T) {
	never := make(chan int)
	defer close(never)
	var started sync.WaitGroup
	for range 50 {
		started.Add(1)
		go func() { started.Done(); parked(never) }()
	}
	started.Wait()
	for {
		records := make([]runtime.StackRecord, 1000)
		n, ok := runtime.GoroutineProfile(records)
		if !ok {
			t.Fatal(n)
		}
		alive := n
		text := render(goroutines.FromProfile(records[:n], alive, notOwn), 1<<16)
		r := parse(t, text)
		total, here := 0, 0
		for _, g := range r.GoroutineGroups {
			total += g.Count
			if len(g.Frames) > 0 && strings.HasSuffix(g.Frames[0].Func, ".parked") {
				here += g.Count
			}
			for _, f := range g.Frames {
				if f.Func == "runtime.gopark" || f.Func == "runtime.goexit" {
					t.Errorf("%s is shown", f.Func)
				}
			}
		}
		if total != alive {
			t.Fatalf("%d goroutines of %d in:\n%s", total, alive, text)
		}
		if here == 50 {
			return
		}
		runtime.Gosched() // some have not got there yet
	}
}

func FuzzFromDump(f *testing.F) {
	f.Add([]byte(dump), int64(1), 6, true, 1<<12)
	f.Add([]byte("goroutine 1 [\x00\xff]]:\nmain.f\x1b[2J()\n\t/a\"b\\.go:1\n"), int64(0), 0, false, 300)
	f.Fuzz(func(t *testing.T, text []byte, id int64, alive int, cut bool, size int) {
		set := goroutines.FromDump(text, goroutines.Source{Alive: alive % 1000, Cut: cut, Own: isOwn, Goroutine: id, Thread: 1})
		out := render(set, max(0, size%(1<<16)))
		for i, c := range []byte(out) {
			if c != '\n' && (c < ' ' || c > '~') {
				t.Fatalf("byte %d is %#x", i, c)
			}
		}
		for line := range strings.Lines(out) {
			if !strings.HasPrefix(line, "Goroutine") && !strings.HasPrefix(line, "  ") && !strings.HasPrefix(line, "... (") && line != "\n" {
				t.Fatalf("the line %q could be another part of a report", line)
			}
		}
	})
}

func BenchmarkDump(b *testing.B) {
	var text strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&text, "goroutine %d [chan receive]:\n", i+1)
		for j := range 10 {
			fmt.Fprintf(&text, "main.f%d(0xc000012345, 0x1)\n\t/src/example/main.go:%d +0x1d\n", (i+j)%20, 10+j)
		}
		text.WriteString("created by main.start in goroutine 1\n\t/src/example/main.go:5 +0x1d\n\n")
	}
	dump := []byte(text.String())
	to := make([]byte, 1<<20)
	b.SetBytes(int64(len(dump)))
	for b.Loop() {
		set := goroutines.FromDump(dump, goroutines.Source{Alive: 10000, Own: notOwn})
		set.Render(to, "live")
	}
}
