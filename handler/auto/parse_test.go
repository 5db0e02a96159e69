package auto_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/handler/auto"
)

func TestParse(t *testing.T) {
	for value, want := range map[string][][2]string{
		"1":            nil,
		"1,chain=true": {{"chain", "true"}},
		"dir=/var/crash,deadline=2s,chain=1": {
			{"dir", "/var/crash"}, {"deadline", "2s"}, {"chain", "1"}},
		`dir=/a\,b\\c,maxframes=5`:    {{"dir", `/a,b\c`}, {"maxframes", "5"}},
		"output=/x=y,goframesonly=T":  {{"output", "/x=y"}, {"goframesonly", "T"}},
		"nativestack=F,nofork=1":      {{"nativestack", "F"}, {"nofork", "1"}},
		"paniccopy=false,onethread=0": {{"paniccopy", "false"}, {"onethread", "0"}},
		"allthreads=0,maxthreads=2":   {{"allthreads", "0"}, {"maxthreads", "2"}},
		"blackbox=/b,threadsignal=50": {{"blackbox", "/b"}, {"threadsignal", "50"}},
		"poll=0,snapshot=1m":          {{"poll", "0"}, {"snapshot", "1m"}},
		"true":                        nil, "Yes": nil, "on, chain=1": {{"chain", "1"}},
		"1, register=USR1,  later=30s": {{"register", "USR1"}, {"later", "30s"}},
		"dir=relative path\u0416\xff ": {{"dir", "relative path\u0416\xff "}},
	} {
		got, on, err := auto.Parse(value)
		if err != nil || !on || !slices.Equal(got, want) {
			t.Errorf("%q: %q, on %v, %v; want %q", value, got, on, err, want)
		}
	}
	for _, value := range []string{"", "0", "false", "no", "OFF"} {
		if got, on, err := auto.Parse(value); on || err != nil || got != nil {
			t.Errorf("%q: %q, on %v, %v", value, got, on, err)
		}
	}
}

// Every error names what is wrong, in one short line that a terminal can take.
func TestParseErrors(t *testing.T) {
	const keys = " (keys: blackbox, cgocontext, cgotraceback, chain, deadline, debugdirs, dir, format, goframesonly, hostfirst, idlethreads, later, maxframes, maxreports, maxthreads, nofork, nostandarderror, onethread, output, poll, register, snapshot, symbolbudget, symbolcache, takeover, termination, threadsignal)"
	for value, want := range map[string]string{
		"maybe":                          "maybe: want 1 or KEY=VALUE[,...]" + keys,
		"1,":                             `"": want 1 or KEY=VALUE[,...]` + keys,
		"chain=1,1":                      "1: want 1 or KEY=VALUE[,...]" + keys,
		"colour=red":                     "colour: there is no such key" + keys,
		"Dir=/x":                         "Dir: there is no such key, did you mean dir?",
		"deadlin=2s":                     "deadlin: there is no such key, did you mean deadline?",
		"register=USR9":                  "register=USR9: not a signal such as USR1",
		"later=30":                       "later=30: not a duration such as 5s or 500ms",
		"=/x":                            `"": there is no such key` + keys,
		"dir=/x,dir=/y":                  "dir: given twice",
		"dir=":                           `dir="": the value is empty`,
		"deadline=2":                     "deadline=2: not a duration such as 5s or 500ms",
		"chain=\x1b[31m":                 `chain="\x1b[31m": neither true (1) nor false (0)`,
		"maxframes=99999999999999999999": "maxframes=99999999999999999999: not a number",
		`dir=/a\b`:                       `dir="/a\\b": a backslash stands before a comma or a backslash only`,
		`dir=/a\`:                        `dir="/a\\": a backslash stands before a comma or a backslash only`,
		"x\ny=1":                         `"x\ny": there is no such key` + keys,
		strings.Repeat("k", 5000):        strings.Repeat("k", 100) + "...: want 1 or KEY=VALUE[,...]" + keys,
	} {
		if _, on, err := auto.Parse(value); err == nil || on || err.Error() != want {
			t.Errorf("%.100q: on %v, %v; want %s", value, on, err, want)
		}
	}
}

// TestKeysAreDocumented keeps the table and the package comment together.
func TestKeysAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	keys := auto.Keys()
	if first := slices.Index(keys, "allthreads"); first < 6 || !slices.IsSorted(keys[:first]) || !slices.IsSorted(keys[first:]) {
		t.Errorf("keys: %q", keys)
	}
	for _, key := range keys {
		if !strings.Contains(string(doc), "\n//\t"+key+"=") {
			t.Errorf("%s is not in the package comment", key)
		}
	}
}

// Every option of Enable can be set, but for one that is a function, and what belongs to
// it.
func TestEveryOptionHasAKey(t *testing.T) {
	var source []byte
	for _, name := range []string{"../outputs.go", "../options.go", "../options_symbols.go", "../oncrash.go", "../deprecated.go"} {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source = append(source, file...)
	}
	options := regexp.MustCompile(`forCalls\((\S+), "With(\w+)"`).FindAllStringSubmatch(string(source), -1)
	want := 0
	for _, option := range options {
		if strings.HasPrefix(option[2], "OnCrash") {
			continue
		}
		if strings.Contains(option[1], "config.CallEnable") || option[1] == "config.CallAny" {
			want++
			if key := strings.ToLower(option[2]); !slices.Contains(auto.Keys(), key) {
				t.Errorf("there is no key %s", key)
			}
		}
	}
	if want += len([]string{"later", "register"}); want != len(auto.Keys()) {
		t.Errorf("%d options of Enable, keys %q", want, auto.Keys())
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"1", "0", "1,dir=/var/crash,deadline=2s", `output=a\,b\\,chain=t`, "maxframes=-1,nativestack=0", "allthreads=0,blackbox=/b,maxthreads=2,poll=0,snapshot=1m,threadsignal=50", ",,=", "dir=\xff\\"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		settings, on, err := auto.Parse(value)
		if err != nil {
			text := err.Error()
			if on || len(text) > 800 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("on %v, error %q", on, text)
			}
			return
		}
		if on == slices.Contains([]string{"", "0", "false", "no", "off"}, strings.ToLower(value)) {
			t.Errorf("%q: on %v", value, on)
		}
		if !on {
			return
		}
		again, _, err := auto.Parse(auto.Join(settings))
		if err != nil || !slices.Equal(again, settings) {
			t.Errorf("%q: %q, and again %q, %v", value, settings, again, err)
		}
	})
}
