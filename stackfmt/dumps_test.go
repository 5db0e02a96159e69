package stackfmt_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// dumpCounts is what a dump holds, by a count of lines or by the parser.
type dumpCounts struct {
	goroutines, frames, creators, elided, labels int
	leaked, durable, bubbles                     int
	unknown                                      int
}

var (
	headerLine = regexp.MustCompile(`(?m)^(goroutine \d+ .*\[.*:|runtime stack:)$`)
	// The second line of a call, and of a creator. A panic's text has a further tab.
	positionLine = regexp.MustCompile(`(?m)^\t[^\t].*:-?\d+( \+0x[0-9a-f]+)?( fp=0x.*)?$`)
	creatorLine  = regexp.MustCompile(`(?m)^created by .*$`)
	elidedLine   = regexp.MustCompile(`(?m)^\.\.\..* frames elided\.\.\.$`)
	labelPair    = regexp.MustCompile(`("(\\.|[^"\\])*"|[a-zA-Z0-9./_]+): ("(\\.|[^"\\])*"|[a-zA-Z0-9./_]+)`)
)

func countLines(text string) dumpCounts {
	c := dumpCounts{
		goroutines: len(headerLine.FindAllString(text, -1)),
		creators:   len(creatorLine.FindAllString(text, -1)),
		elided:     len(elidedLine.FindAllString(text, -1)),
	}
	c.frames = len(positionLine.FindAllString(text, -1)) - c.creators
	for _, h := range headerLine.FindAllString(text, -1) {
		c.leaked += strings.Count(h, " (leaked)")
		c.durable += strings.Count(h, " (durable)")
		c.bubbles += strings.Count(h, ", synctest bubble ")
		if _, labels, ok := strings.Cut(h, "] {"); ok {
			c.labels += len(labelPair.FindAllString(labels, -1))
		} else if _, labels, ok := strings.Cut(h, " labels:{"); ok {
			c.labels += len(labelPair.FindAllString(labels, -1))
		}
	}
	return c
}

// add adds what another dump holds.
func (c *dumpCounts) add(d dumpCounts) {
	c.goroutines += d.goroutines
	c.frames += d.frames
	c.creators += d.creators
	c.elided += d.elided
	c.labels += d.labels
	c.leaked += d.leaked
	c.durable += d.durable
	c.bubbles += d.bubbles
}

func countParsed(d *stackfmt.GoroutineDump) dumpCounts {
	c := dumpCounts{goroutines: len(d.Goroutines), unknown: len(d.Unknown)}
	stack := func(s stackfmt.Stack, by stackfmt.Frame) {
		for _, f := range s {
			if f.Elided != 0 {
				c.elided++
			} else {
				c.frames++
			}
		}
		if by.Func != "" {
			c.creators++
		}
	}
	for _, g := range d.Goroutines {
		c.labels += len(g.Labels)
		if g.Leaked {
			c.leaked++
		}
		if g.Durable {
			c.durable++
		}
		if g.Bubble != 0 {
			c.bubbles++
		}
		stack(g.Stack.Frames(), g.CreatedBy.Frame())
		for _, a := range g.Ancestors {
			stack(a.Stack.Frames(), a.CreatedBy.Frame())
		}
	}
	return c
}

// readDumps returns the dumps of testdata/dumps by name: those in files of their own,
// and those in an archive for each release.
func readDumps(t testing.TB) map[string]string {
	t.Helper()
	dumps := map[string]string{}
	names, err := filepath.Glob("testdata/dumps/go*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		dumps[strings.TrimSuffix(filepath.Base(name), ".txt")] = string(text)
	}
	archives, err := filepath.Glob("testdata/dumps/go*.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range archives {
		readArchive(t, name, dumps)
	}
	return dumps
}

// readArchive adds the files of an archive: go1.21/panic.txt becomes go1.21-way-panic.
func readArchive(t testing.TB, name string, dumps map[string]string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(name, err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(name, err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(name, err)
		}
		dumps[strings.TrimSuffix(strings.ReplaceAll(h.Name, "/", "-way-"), ".txt")] = string(text)
	}
}

// collectors put something before each line, given its number.
var collectors = map[string]func(n int, line string) string{
	"docker": func(n int, line string) string {
		return fmt.Sprintf("2026-11-29T15:04:%02d.%09dZ %s", n/1000%60, n, line)
	},
	"kubectl": func(n int, line string) string {
		return fmt.Sprintf("[pod/web-6d4b-x2x/app] 2026-11-29T15:04:%02d.%dZ %s", n/1000%60, 1+n*7919, line)
	},
	"journald": func(n int, line string) string {
		return fmt.Sprintf("Nov 29 15:%02d:%02d host-3 web[4711]: %s", n/60%60, n%60, line)
	},
	"compose": func(_ int, line string) string {
		if line == "" {
			return "web-1  |"
		}
		return "web-1  | " + line
	},
	"cri": func(n int, line string) string {
		return fmt.Sprintf("2026-11-29T15:04:05.%09d+01:00 stderr F %s", n, line)
	},
	"syslog": func(n int, line string) string {
		return fmt.Sprintf("<11>1 2026-11-29T15:04:%02d.003Z host web %d ID47 - %s", n%60, 4711, line)
	},
	// Pasted into a text, and logged by a test.
	"spaces": func(_ int, line string) string { return strings.TrimRight("    "+line, " ") },
	"tab":    func(_ int, line string) string { return "\t" + line },
	"test": func(n int, line string) string {
		if n == 0 {
			return "    x_test.go:12: " + line
		}
		return "        " + line
	},
}

func eachLine(text string, f func(n int, line string) string) string {
	var b strings.Builder
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		b.WriteString(f(n, line))
		b.WriteByte('\n')
	}
	return b.String()
}

var ofTest = regexp.MustCompile(`^( *--- FAIL: |running tests:$|\tTest)`)

// strays returns the lines of a dump that are not the runtime's, if its name says that
// it may have some: what package testing prints around a panic, and before Go 1.23 the
// further lines of a panic's text, which have no tab there.
func strays(name string, d *stackfmt.GoroutineDump) []stackfmt.DumpLine {
	var found []stackfmt.DumpLine
	for _, u := range d.Unknown {
		if strings.Contains(name, "-test-") && ofTest.MatchString(u.Text) {
			continue
		}
		found = append(found, u)
	}
	if name == "go1.21-nested" || name == "go1.22-nested" {
		return nil
	}
	return found
}

// TestRealDumps: what programs of Go 1.21 to 1.27 printed when they died holds as
// many goroutines, calls, creators, marks and labels as a plain count finds, as it
// is and behind the prefixes of collectors, and the same from a stream.
func TestRealDumps(t *testing.T) {
	versions := map[string]int{}
	var all dumpCounts
	for name, text := range readDumps(t) {
		version, _, _ := strings.Cut(name, "-")
		versions[version]++
		t.Run(name, func(t *testing.T) {
			want := countLines(text)
			if want.goroutines == 0 || want.frames == 0 {
				t.Fatalf("a plain count finds %+v", want)
			}
			all.add(want)
			plain := stackfmt.ParseGoroutines([]byte(text))
			got := countParsed(plain)
			want.unknown = got.unknown // strays are looked at below
			if got != want {
				t.Errorf("got  %+v\nwant %+v\nunknown %+v", got, want, plain.Unknown)
			}
			if u := strays(name, plain); u != nil {
				t.Errorf("unknown lines: %+v", u)
			}
			for by, f := range collectors {
				d := stackfmt.ParseGoroutines([]byte(eachLine(text, f)))
				if got := countParsed(d); got != want {
					t.Errorf("behind %s:\ngot  %+v\nwant %+v\nunknown %.500v", by, got, want, d.Unknown)
				}
				if fmt.Sprint(d.Panics, d.Fatal, d.Signals) != fmt.Sprint(plain.Panics, plain.Fatal, plain.Signals) {
					t.Errorf("behind %s the reason is %v %q", by, d.Panics, d.Fatal)
				}
			}
			doubled := stackfmt.ParseGoroutines([]byte(strings.ReplaceAll(text, "\n", "\n\n")))
			if got := countParsed(doubled); got != want {
				t.Errorf("doubled by blank lines:\ngot  %+v\nwant %+v\nunknown %.500v", got, want, doubled.Unknown)
			}
			streamed := &stackfmt.GoroutineDump{}
			for p, err := range stackfmt.ScanGoroutines(bytes.NewReader([]byte(text))) {
				if err != nil {
					t.Fatal(err)
				}
				if p.Goroutine != nil {
					streamed.Goroutines = append(streamed.Goroutines, *p.Goroutine)
				}
			}
			if !reflect.DeepEqual(streamed.Goroutines, plain.Goroutines) {
				t.Error("a stream gives other goroutines")
			}
		})
	}
	for _, version := range []string{"go1.21", "go1.22", "go1.23", "go1.24", "go1.25", "go1.26", "go1.27"} {
		if versions[version] < 100 {
			t.Errorf("%d dumps of %s", versions[version], version)
		}
	}
	t.Logf("%v with %+v", versions, all)
	if all.labels == 0 || all.leaked == 0 || all.durable == 0 || all.bubbles == 0 || all.elided == 0 {
		t.Errorf("something is in no dump: %+v", all)
	}
}

// TestDumpsThatWereLogged: what a log or a test puts before the first line, and
// lines from elsewhere between two that belong together.
func TestDumpsThatWereLogged(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"log", "2026/01/01 12:00:00 goroutine 1 [running]:\nmain.f()\n\t/a.go:1 +0x1\nmain.main()\n\t/a.go:2 +0x2\n", "1 main.main main.f"},
		{"test", "    x_test.go:5: goroutine 6 [running]:\n        main.f()\n        \t/a.go:1 +0x1\n", "6 main.f"},
		{"escape", "\x1b[31mgoroutine 6 [running]:\nmain.f()\n\t/a.go:1 +0x1\n", "6 main.f"},
		{"log behind a collector", "web-1 | 2026/01/01 12:00:00 goroutine 1 [running]:\nweb-1 | main.f()\nweb-1 | \t/a.go:1 +0x1\n", "1 main.f"},
		{"server", "2026/01/01 12:00:00 http: panic serving 127.0.0.1:80: boom\ngoroutine 5 [running]:\nmain.f()\n\t/a.go:1 +0x1\n", "5 main.f"},
		{
			"between creator and position",
			"goroutine 2 [select]:\nmain.f()\n\t/a.go:1 +0x1\ncreated by main.main in goroutine 1\nhello (world)\n\t/a.go:2 +0x2\n",
			"2 main.f by main.main",
		},
		{
			"exception",
			"Exception 0xc0000005 0x0 0x0 0x7ff\nPC=0x7ff\n\nmain.f(0x1)\n\tC:/x.go:5 +0x2\nmain.main()\n\tC:/x.go:9 +0x2\n\n" +
				"goroutine 2 [force gc (idle)]:\nruntime.gopark(0x0)\n\tC:/go/proc.go:1 +0x2\nrax     0x0\n",
			"-2 main.main main.f; 2 runtime.gopark",
		},
		{
			"labels", `goroutine 36 [select (no cases)] {k: "v,x", "key one": "a \"b\" ]:"}:` + "\nmain.f()\n\t/a.go:1 +0x1\n",
			`36 main.f {k v,x} {key one a "b" ]:}`,
		},
		{"leaked", "goroutine 3 [chan send (leaked), 2 minutes]:\nmain.f()\n\t/a.go:1 +0x1\n", "3 main.f leaked"},
		{"indented log lines about panics", "    panic: a\n    b\n  fatal error: c\nx.go:1: panic: d\n\n goroutine 7 [running]:\n main.f()\n \t/a.go:1 +0x1\n", "7 main.f"},
		{"indented, then not", "\tpanic: a\n\n\tgoroutine 7 [running]:\n\tmain.f()\n\t\t/a.go:1 +0x1\n\ngoroutine 8 [running]:\nmain.g()\n\t/a.go:2 +0x1\n", "7 main.f; 8 main.g"},
		{"no frames", "goroutine 0 [idle]:\n\nexit status 2\n", "0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := stackfmt.ParseGoroutines([]byte(test.text))
			var got []string
			for _, g := range d.Goroutines {
				text := fmt.Sprint(g.ID)
				for _, f := range g.Stack {
					text += " " + f.Func
				}
				if g.CreatedBy.Func != "" {
					text += " by " + g.CreatedBy.Func
				}
				for _, l := range g.Labels {
					text += fmt.Sprint(" ", l)
				}
				if g.Leaked {
					text += " leaked"
				}
				got = append(got, text)
			}
			if got := strings.Join(got, "; "); got != test.want {
				t.Errorf("got  %s\nwant %s\n%+v", got, test.want, d.Unknown)
			}
		})
	}
}
