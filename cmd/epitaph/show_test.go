package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGolden has the whole text of what the commands print.
func TestGolden(t *testing.T) {
	for name, o := range map[string]outcome{
		"show.golden":          epitaph("", "show", samples+"segv.crash"),
		"show-all.golden":      epitaph("", "show", "-all", samples+"segv.crash"),
		"show-panic.golden":    epitaph("", "show", samples+"real-panic.crash"),
		"show-deadlock.golden": epitaph("", "show", samples+"real-deadlock.crash"),
		"show-now.golden":      epitaph("", "show", samples+"now-null.crash"),
		"show-machine.golden":  epitaph("", "show", "-all", samples+"now-null.crash"),
		"show-hang.golden":     epitaph("", "show", samples+"now-deadlock.crash"),
		"show-color.golden":    colored("", "show", samples+"abort.crash"),
		"table.golden":         epitaph("", "show", samples+"stream.log", samples+"segv.crash", samples+"cut.crash"),
		"diff.golden":          epitaph("", "diff", samples+"segv.crash", samples+"sentence.crash"),
		"sig.golden":           epitaph("", "sig", "-parts", samples+"segv.crash", samples+"real-stripped.crash"),
		"json.golden":          epitaph("", "json", "-indent", samples+"bare.crash"),
		"record.golden":        epitaph("", "json", "-record", "-indent", samples+"bare.crash"),
		"show-host.golden":     epitaph("", "show", samples+"host.crash"),
		"help-show.golden":     epitaph("", "show", "-h"),
	} {
		if o.stderr != "" || o.status > 1 || o.status == 1 && name != "diff.golden" {
			t.Errorf("%s: status %d, %s", name, o.status, o.stderr)
		}
		golden(t, name, o.stdout)
	}
}

// TestShowEveryReport: no text of a report reaches the terminal with a control character, and
// each has its sentence.
func TestShowEveryReport(t *testing.T) {
	files, err := filepath.Glob(samples + "*.crash")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		for _, all := range []string{"-all=false", "-all"} {
			o := epitaph("", "show", all, file)
			if o.status != 0 || o.stderr != "" || len(o.stdout) < 80 {
				t.Errorf("%s: %+v", file, o)
			}
			if strings.ContainsFunc(o.stdout, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }) {
				t.Errorf("%s: a control character in %q", file, o.stdout)
			}
		}
	}
}

// TestHelp: help lists every command, and each has its own.
func TestHelp(t *testing.T) {
	help := epitaph("", "help")
	for _, c := range app.Commands {
		if !strings.Contains(help.stdout, "\n  "+c.Name+" ") || !strings.Contains(help.stdout, "  "+c.Short+"\n") {
			t.Errorf("%s is not in the help:\n%s", c.Name, help.stdout)
		}
		o := epitaph("", c.Name, "-h")
		if o.status != 0 || !strings.HasPrefix(o.stdout, "Usage: epitaph "+c.Name) || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s -h: %+v", c.Name, o)
		}
		for line := range strings.Lines(help.stdout + o.stdout) {
			if len(line) > 90 {
				t.Errorf("%s -h: too long: %q", c.Name, line)
			}
		}
	}
}

func TestShowStatus(t *testing.T) {
	empty := t.TempDir()
	for _, c := range []struct {
		in, args       string
		status         int
		stdout, stderr string
	}{
		{"", "show -e " + samples + "segv.crash", 1, "SIGSEGV in clamp", ""},
		{"", "show -e " + samples + "timeout.crash", 1, "timeout of 0.5 s", ""},
		{"", "show -e " + samples + "dump.crash", 0, "dump in main.f", ""},
		{"", "show -e " + empty, 0, "", ""},
		{"", "show " + empty, 1, "", "there is no report in it"},
		{"no report\n", "show", 1, "", "standard input: there is no report in it"},
		{"x: Fatal Go error: Bus error\n\n", "show -", 0, "Bus error", ""},
		{"", "show -color sometimes x", 2, "", `unknown value of -color "sometimes"`},
		{"", "show -sig 1:dc0da68e8261 " + samples, 0, "SIGSEGV in clamp", ""},
		{"", "show -sig 1:0000 " + samples, 1, "", "no report has the signature 1:0000"},
		{"", "show " + empty + "/missing", 1, "", "missing"},
		{"", "diff " + samples + "segv.crash " + samples + "segv.crash", 0, "clamp", ""},
		{"", "diff " + samples + "segv.crash", 2, "", "want two FILEs, got 1"},
		{"", "diff -color alwys a b", 2, "", "Did you mean: 'always'?"},
		{"", "json", 2, "", "no FILE"},
		{"", "json -schema", 0, `"$schema"`, ""},
		{"", "box " + samples + "segv.crash", 1, "", "segv.crash"},
		{"", "completion tcsh", 2, "", `unknown argument "tcsh"`},
		{"", "version x", 2, "", `but "x"`},
		{"", "version", 0, "epitaph ", ""},
		{"", "help sow", 2, "", "Did you mean: 'show'?"},
		{"", "shwo", 2, "", "epitaph: unknown command \"shwo\". Did you mean: 'show'?\nFor help: epitaph -h\n"},
		{"", "jsonn", 2, "", "Did you mean: 'json'?"},
		{"", "show -al x", 2, "", "epitaph show: unknown flag -al. Did you mean: '-all'?\nFor help: epitaph show -h\n"},
	} {
		o := epitaph(c.in, strings.Fields(c.args)...)
		if o.status != c.status || !strings.Contains(o.stdout, c.stdout) || !strings.Contains(o.stderr, c.stderr) || c.stderr == "" && o.stderr != "" {
			t.Errorf("epitaph %s: status %d, %q, %q", c.args, o.status, o.stdout, o.stderr)
		}
		if n := strings.Count(o.stderr, "\n"); n > 2 {
			t.Errorf("epitaph %s: the error scrolls away: %d lines", c.args, n)
		}
	}
}

// TestSource finds source below -src by any end of its path; not what has no source file's
// name, nor outside.
func TestSource(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "native"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("int a;\n", 16) + "*p = 1; \x1b[31m\n" + strings.Repeat("int b;\n", 40)
	for _, name := range []string{"native/decoder.c", "secret.key"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := epitaph("", "show", "-src", dir, samples+"segv.crash")
	if !strings.Contains(o.stdout, ">    17 │ *p = 1; ?[31m\n") || !strings.Contains(o.stdout, ">    42 │ int b;\n") {
		t.Errorf("%+v", o)
	}
	secret := "Fatal error: Segmentation fault\n\nCurrent thread 0x00007f2e98091780 [a, 17] (most recent call first):\n" +
		"  File \"../../secret.key\", line 17 in f\n  File \"" + dir + "/secret.key\", line 17 in g\n"
	if o := epitaph(secret, "show", "-src", dir+"/native"); strings.Contains(o.stdout, "*p") || !strings.Contains(o.stdout, "secret.key:17") {
		t.Errorf("%+v", o)
	}
	page := epitaph(secret, "html", "-src", dir, "-")
	if page.status != 0 || strings.Contains(page.stdout, "*p = 1") {
		t.Errorf("a page with a secret: %d, %s", page.status, page.stderr)
	}
}

func TestHTML(t *testing.T) {
	dir := t.TempDir()
	o := epitaph("", "html", samples+"segv.crash")
	if o.status != 0 || !strings.HasPrefix(o.stdout, "<!doctype html>") || !strings.Contains(o.stdout, "from segv.crash") {
		t.Errorf("%d, %s", o.status, o.stderr)
	}
	o = epitaph("", "html", "-o", filepath.Join(dir, "pages")+"/", samples+"segv.crash", samples+"stream.log")
	if o.status != 0 || o.stdout != "" {
		t.Errorf("%+v", o)
	}
	for _, name := range []string{"segv.html", "stream-2.html", "stream-56.html"} {
		if text, err := os.ReadFile(filepath.Join(dir, "pages", name)); err != nil || !strings.Contains(string(text), "</html>") {
			t.Errorf("%s: %d bytes, %v", name, len(text), err)
		}
	}
	file := filepath.Join(dir, "one.html")
	ok := epitaph("", "html", "-o", file, samples+"segv.crash")
	if info, err := os.Stat(file); ok.status != 0 || err != nil || info.Size() < 10_000 {
		t.Errorf("%+v, %v", ok, err)
	}
	if o := epitaph("", "html", samples+"stream.log"); o.status != 2 || !strings.Contains(o.stderr, "name a directory with -o") {
		t.Errorf("many reports on standard output: %+v", o.stderr)
	}
}
