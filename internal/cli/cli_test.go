package cli_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/cli"
)

var app = cli.App{
	Name: "tool", About: "Tool is for tests.", Notes: "The end.", UsageStatus: 64,
	Commands: []cli.Command{{
		Name: "paint", Args: "red|green FILE...", Words: []string{"red", "green"},
		Short: "paint files", Help: "Paints files.\n", Notes: "It's done.",
		Setup: func(flags *flag.FlagSet) cli.Action {
			thick := flags.Int("thick", 3, "the `layers` of paint, which is a text that is long enough to be broken into two lines")
			dry := flags.Bool("dry", false, "only say what would be done")
			return func(env *cli.Env, args []string) error {
				fmt.Fprintf(env.Out, "%d %v %q", *thick, *dry, args)
				switch {
				case len(args) == 0:
					return cli.Usage("no colour")
				case slices.Contains(args, "fail"):
					return errors.New("no paint")
				case slices.Contains(args, "nine"):
					return cli.Status(9)
				}
				return nil
			}
		},
	}},
}

func run(args ...string) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	status = app.Run(&cli.Env{In: strings.NewReader(""), Out: &out, Err: &err, Getenv: func(string) string { return "" }}, args)
	return status, out.String(), err.String()
}

func TestRun(t *testing.T) {
	for _, c := range []struct {
		args           string
		status         int
		stdout, stderr string
	}{
		{"paint red a", 0, `3 false ["red" "a"]`, ""},
		{"paint -dry red -thick 5 a", 0, `5 true ["red" "a"]`, ""},
		{"paint red -dry -- -thick", 0, `3 true ["red" "-thick"]`, ""},
		{"paint red -", 0, `3 false ["red" "-"]`, ""},
		{"paint red fail", 1, `3 false ["red" "fail"]`, "tool: no paint\n"},
		{"paint red nine", 9, `3 false ["red" "nine"]`, ""},
		{"paint", 64, `3 false []`, "tool paint: no colour\nFor help: tool paint -h\n"},
		{"paint blue", 64, "", "tool paint: unknown argument \"blue\": want red or green\nFor help: tool paint -h\n"},
		{"paint rde", 64, "", "tool paint: unknown argument \"rde\". Did you mean: 'red'?\nFor help: tool paint -h\n"},
		{"pa", 64, "", "tool: unknown command \"pa\". Did you mean: 'paint'?\nFor help: tool -h\n"},
		{"paint grean", 64, "", "tool paint: unknown argument \"grean\". Did you mean: 'green'?\nFor help: tool paint -h\n"},
		{"paint -thik 3 red", 64, "", "tool paint: unknown flag -thik. Did you mean: '-thick'?\nFor help: tool paint -h\n"},
		{"paint -thick x red", 64, "", "tool paint: invalid value \"x\" for flag -thick: parse error\nFor help: tool paint -h\n"},
		{"pant red", 64, "", "tool: unknown command \"pant\". Did you mean: 'paint'?\nFor help: tool -h\n"},
		{"paint -h", 0, "Usage: tool paint [flags] red|green FILE...\n\nPaints files.\n\nFlags:\n" +
			"  -dry           only say what would be done\n" +
			"  -thick layers  the layers of paint, which is a text that is long enough to be\n" +
			"                 broken into two lines (default 3)\n\nIt's done.\n", ""},
		{"", 64, "", "Tool is for tests.\n\nUsage: tool COMMAND [flags] [arguments]\n\n" +
			"  paint       paint files\n" +
			"  completion  the completion of commands and flags, for a shell\n" +
			"  version     the version of the program\n\n\"tool COMMAND -h\" is the help of a command.\n\nThe end.\n"},
	} {
		status, stdout, stderr := run(strings.Fields(c.args)...)
		if status != c.status || stdout != c.stdout || stderr != c.stderr {
			t.Errorf("tool %s: status %d\n%s\n%s", c.args, status, stdout, stderr)
		}
	}
	_, help, _ := run("help", "paint")
	if _, h, _ := run("paint", "--help"); h != help || help == "" {
		t.Errorf("help paint: %s", help)
	}
	if _, version, _ := run("--version"); !strings.HasPrefix(version, "tool ") || !strings.Contains(version, " go1.") {
		t.Errorf("version: %s", version)
	}
}

// script writes what "completion SHELL" prints to a file.
func script(t *testing.T, shell string) string {
	t.Helper()
	if _, err := exec.LookPath(shell); err != nil {
		t.Skipf("%s is not installed", shell)
	}
	status, text, _ := run("completion", shell)
	file := filepath.Join(t.TempDir(), "completion")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil || status != 0 {
		t.Fatal(status, err)
	}
	return file
}

func TestBash(t *testing.T) {
	file := script(t, "bash")
	for words, want := range map[string]string{
		"tool pa":        "paint",
		"tool paint -":   "-dry -thick -h",
		"tool paint -t":  "-thick",
		"tool paint g":   "green",
		"tool paint x g": "",
		"tool comp":      "completion",
	} {
		list := strings.Fields(words)
		code := fmt.Sprintf("source %s; COMP_WORDS=(%s); COMP_CWORD=%d; _tool tool %s; echo ${COMPREPLY[@]}", file, words, len(list)-1, list[len(list)-1])
		out, err := exec.Command("bash", "-u", "-c", code).CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", words, got, err, want)
		}
	}
}

// TestZsh calls the function with what it calls of zsh's replaced: the real ones take
// seconds to load.
func TestZsh(t *testing.T) {
	file := script(t, "zsh")
	const stubs = "compdef() { print compdef $@ }; _describe() { print -rl -- $commands }; _arguments() { print -rl -- $words[1] $@ }\n"
	out, err := exec.Command("zsh", "-f", "-c", stubs+"source "+file+"; words=(tool pa); CURRENT=2; _tool; words=(tool paint ''); CURRENT=3; _tool").CombinedOutput()
	for _, want := range []string{"compdef _tool tool\n", "paint:paint files\n", "paint\n-dry[only say what would be done]\n",
		"-thick[the layers of paint, which is a text that is long enough to be broken into two lines]:layers:_files\n", "1:argument:(red green)\n", "*:file:_files\n"} {
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s\n%v; want %q", out, err, want)
		}
	}
}

func TestFish(t *testing.T) {
	file := script(t, "fish")
	out, err := exec.Command("fish", "-N", "-c", "source "+file+"; complete -C 'tool paint -th'; complete -C 'tool pa'; complete -C 'tool paint gr'").CombinedOutput()
	for _, want := range []string{"-thick", "paint\tpaint files", "green"} {
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%q, %v; want %q", out, err, want)
		}
	}
}
