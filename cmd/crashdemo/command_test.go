//go:build linux && cgo

package main_test

import (
	"debug/elf"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/cmd/crashdemo/crashes"
	"github.com/epitaph-go/epitaph/internal/victim"
)

func TestUsage(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing", "report")
	for _, c := range []struct {
		args   string
		status int
		want   string
	}{
		{"", 64, "Usage:"},
		{"fly", 64, `unknown command "fly"`},
		{"run", 64, "crashdemo run: no KIND"},
		{"run no-such", 64, `unknown kind "no-such"`},
		{"run null-wirte", 64, "Did you mean: 'null-write'?"},
		{"run null-read -place tread", 64, "Did you mean: 'thread'?"},
		{"blackbox -x", 64, "crashdemo blackbox: unknown flag -x"},
		{"blackbox", 64, "0 files, want one"},
		{"blackbox " + missing, 1, "no such file or directory"},
		{"tuor -full", 64, "unknown command \"tuor\""},
		{"lists", 64, "Did you mean: 'list'?"},
		{"run null-read -place nowhere", 64, `unknown place "nowhere"`},
		{"run null-read null-write", 64, `not also "null-write"`},
		{"run null-read -plain -chain", 64, "it does not go with -chain"},
		{"run null-read -no-such-flag", 64, "unknown flag -no-such-flag"},
		{"run null-read -o " + missing, 1, "no such file or directory"},
		{"list extra", 64, `crashdemo list: no arguments wanted, but "extra"`},
		{"tour extra", 64, "tour takes flags only"},
		{"later extra", 64, `crashdemo later: no arguments wanted, but "extra"`},
		{"later -after 0s", 1, "DumpLater: 0s is not positive"},
		{"hang extra", 64, `crashdemo hang: no arguments wanted, but "extra"`},
		{"hang -after -1s", 1, "NewWatchdog: -1s is not positive"},
		{"panic extra", 64, `crashdemo panic: no arguments wanted, but "extra"`},
		{"panic -dir " + missing, 1, "no such file or directory"},
		{"tour -limit 0s", 64, "tour takes flags only"},
	} {
		o := run(t, demo, c.args)
		if !o.IsExit(c.status) || !strings.Contains(o.Stderr, c.want) || o.Stdout != "" {
			t.Errorf("crashdemo %s: want status %d and %q on standard error: %v", c.args, c.status, c.want, o)
		}
		if n := strings.Count(o.Stderr, "\n"); n > 2 && c.args != "" {
			t.Errorf("crashdemo %s: the error scrolls away, %d lines", c.args, n)
		}
	}
	if reason := crashes.Missing("division"); reason != "" {
		o := run(t, demo, "run division")
		o.Exited(t, 69)
		if !strings.Contains(o.Stderr, reason) {
			t.Errorf("want %q: %v", reason, o)
		}
	}
	for _, c := range []struct{ args, want string }{
		{"help", "64  the command line is wrong"},
		{"help run", "-pid1"},
		{"blackbox -h", "Usage: crashdemo blackbox FILE"},
		{"dump -h", "-native"},
		{"signal -h", "-wait"},
		{"version", "crashdemo "},
		{"completion bash", "complete -o default -F _crashdemo crashdemo"},
		{"run -help", "-pid1"},
		{"list -h", "-json"},
		{"tour -help", "-limit"},
		{"later -help", "-repeat"},
		{"hang -help", "-plain"},
		{"panic -help", "-fatal"},
	} {
		o := run(t, demo, c.args)
		if !o.IsExit(0) || !strings.Contains(o.Stdout+o.Stderr, c.want) {
			t.Errorf("crashdemo %s: want status 0 and %q: %v", c.args, c.want, o)
		}
	}
}

// TestList checks that the text has one line for each kind and place of the JSON table, within 100 columns.
func TestList(t *testing.T) {
	list := tableOf(t, demo)
	o := run(t, demo, "list")
	if !o.IsExit(0) {
		t.Fatal(o)
	}
	for _, k := range list.Kinds {
		if !regexp.MustCompile(`(?m)^` + k.Name + ` +` + k.Signal + ` +\S`).MatchString(o.Stdout) {
			t.Errorf("list has no line for %s with %s", k.Name, k.Signal)
		}
	}
	for _, p := range list.Places {
		if !hasLine(o.Stdout, p.Name+" ") {
			t.Errorf("list has no line for the place %s", p.Name)
		}
	}
	for line := range strings.Lines(o.Stdout) {
		if len(line) > 101 {
			t.Errorf("line of more than 100 columns: %q", line)
		}
	}
}

// TestSymbols checks that the symbol table names every crash function and every C caller, and that none is exported: a
// stripped crashdemo shows what users of a stripped program see.
func TestSymbols(t *testing.T) {
	file, err := elf.Open(demo.Path(t))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	functions := func(symbols []elf.Symbol, err error) map[string]bool {
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for _, s := range symbols {
			if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Section != elf.SHN_UNDEF && s.Size > 0 {
				names[s.Name] = true
			}
		}
		return names
	}
	all, exported := functions(file.Symbols()), functions(file.DynamicSymbols())
	list := tableOf(t, demo)
	want := map[string]bool{}
	for _, k := range list.Kinds {
		if k.Name != "dlopen-constructor" { // it is in a library of its own
			want[k.Func] = true
		}
		for _, c := range k.Callers {
			want[c] = true
		}
	}
	for _, p := range list.Places {
		for _, f := range p.Frames {
			want[f] = true
		}
	}
	for name := range want {
		if strings.Contains(name, ".") {
			continue // Go's
		}
		if !all[name] || exported[name] {
			t.Errorf("%s is in the symbol table: %v, exported: %v", name, all[name], exported[name])
		}
	}
}

// TestTour checks the shape of the tour: each scene without and with Epitaph, everything within 100 columns, and hangs
// and swallowed signals called by their name.
func TestTour(t *testing.T) {
	o := run(t, demo, "tour -limit 2s", victim.Limit(60*time.Second))
	if !o.IsExit(0) {
		t.Fatal(o)
	}
	for _, want := range []string{"  without Epitaph: ", "  with Epitaph: "} {
		if n := strings.Count(o.Stdout, want); n != 6 {
			t.Errorf("%d scenes have %q, want 6", n, want)
		}
	}
	for _, want := range []string{
		"1/6  crashdemo run null-write -place cgo ===",
		"  without Epitaph: exit status 2; it printed ",
		"  | SIGSEGV: segmentation violation\n",
		" more lines)\n",
		"  without Epitaph: killed by SIGSEGV; it printed nothing\n",
		"  without Epitaph: went on as if nothing had happened; it printed 1 line, ",
		"In short ===",
	} {
		if !strings.Contains(o.Stdout, want) {
			t.Errorf("the tour does not have %q", want)
		}
	}
	if !regexp.MustCompile(`\n  without Epitaph: (hung, and had to be killed after [2-9]|cannot be had here)`).MatchString(o.Stdout) {
		t.Errorf("the tour does not show a hang")
	}
	if text := strings.ReplaceAll(o.Stdout, "\n  | ", " "); !strings.Contains(text, "): write through a NULL pointer + 8 ") {
		t.Errorf("the tour cuts the sentence")
	}
	for line := range strings.Lines(o.Stdout) {
		if len(line) > 101 {
			t.Errorf("line of more than 100 columns: %q", line)
		}
	}
	if t.Failed() {
		t.Logf("%v\n%s", o, o.Stdout)
	}
}

// TestNothingLeftBehind runs the kinds that need files and checks that the directory for temporary ones stays empty.
func TestNothingLeftBehind(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"bus", "dlopen-constructor", "no-fds"} {
		o := run(t, demo, "run -plain "+name, in(dir), victim.Env("TMPDIR="+dir))
		if !o.IsExit(2) && !o.IsExit(69) {
			t.Errorf("%s: %v", name, o)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range left {
		t.Errorf("left behind: %s", file.Name())
	}
}
