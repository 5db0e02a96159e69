package stackfmt_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// dumpCounts is what a dump holds, by a count of lines or by the parser.
type dumpCounts struct {
	goroutines, frames, creators, elided, labels int
	unknown                                      int
}

var (
	headerLine = regexp.MustCompile(`(?m)^(goroutine \d+ .*\[.*:|runtime stack:)$`)
	// The second line of a call, and of a creator.
	positionLine = regexp.MustCompile(`(?m)^\t.*:-?\d+( \+0x[0-9a-f]+)?( fp=0x.*)?$`)
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
		if _, labels, ok := strings.Cut(h, "] {"); ok {
			c.labels += len(labelPair.FindAllString(labels, -1))
		} else if _, labels, ok := strings.Cut(h, " labels:{"); ok {
			c.labels += len(labelPair.FindAllString(labels, -1))
		}
	}
	return c
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
		stack(g.Stack, g.CreatedBy)
		for _, a := range g.Ancestors {
			stack(a.Stack, a.CreatedBy)
		}
	}
	return c
}

func readDumps(t testing.TB) map[string]string {
	t.Helper()
	names, err := filepath.Glob("testdata/dumps/go*.txt")
	if err != nil || len(names) < 100 {
		t.Fatal(len(names), "dumps", err)
	}
	dumps := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		dumps[strings.TrimSuffix(filepath.Base(name), ".txt")] = string(text)
	}
	return dumps
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
	"compose": func(_ int, line string) string { return strings.TrimRight("web-1  | "+line, " ") },
	"cri": func(n int, line string) string {
		return fmt.Sprintf("2026-11-29T15:04:05.%09d+01:00 stderr F %s", n, line)
	},
	"syslog": func(n int, line string) string {
		return fmt.Sprintf("<11>1 2026-11-29T15:04:%02d.003Z host web %d ID47 - %s", n%60, 4711, line)
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

// TestRealDumps: what programs of Go 1.21 to 1.27 printed when they died holds as
// many goroutines, calls, creators, marks and labels as a plain count finds, as it
// is and behind the prefixes of collectors, and the same from a stream.
func TestRealDumps(t *testing.T) {
	versions := map[string]int{}
	for name, text := range readDumps(t) {
		version, _, _ := strings.Cut(name, "-")
		versions[version]++
		t.Run(name, func(t *testing.T) {
			want := countLines(text)
			if want.goroutines == 0 || want.frames == 0 {
				t.Fatalf("a plain count finds %+v", want)
			}
			plain := stackfmt.ParseGoroutines([]byte(text))
			got := countParsed(plain)
			// Before Go 1.23 further lines of a panic's text have no tab.
			want.unknown = got.unknown
			if got != want {
				t.Errorf("got  %+v\nwant %+v\nunknown %+v", got, want, plain.Unknown)
			}
			if got.unknown > 0 && name != "go1.21-nested" && name != "go1.22-nested" {
				t.Errorf("unknown lines: %+v", plain.Unknown)
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
			if fmt.Sprint(streamed.Goroutines) != fmt.Sprint(plain.Goroutines) {
				t.Error("a stream gives other goroutines")
			}
		})
	}
	if len(versions) != 7 {
		t.Errorf("dumps of %v", versions)
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
