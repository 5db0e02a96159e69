//go:build linux && (amd64 || arm64) && !go1.28

package exits_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/gort/exits"
)

// how, in the environment, has the test's program exit in some way.
const how = "EXITS_TEST_HOW"

func TestMain(m *testing.M) {
	switch os.Getenv(how) {
	case "":
		os.Exit(m.Run())
	case "main":
		add()
		return
	case "exit":
		add()
		os.Exit(3)
	}
}

func add() {
	for _, name := range []string{"first", "second"} {
		if err := exits.RunLast(func() { fmt.Println(name) }); err != nil {
			fmt.Println(err)
		}
	}
}

// Each is in front of those that are there, and so runs after them.
func TestRunLast(t *testing.T) {
	for end, status := range map[string]int{"main": 0, "exit": 3} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(cmd.Environ(), how+"="+end)
		out, err := cmd.Output()
		got := 0
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			got = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		// A binary for coverage prints a line of its own.
		if text := string(out); got != status || !strings.Contains(text, "first\nsecond\n") {
			t.Errorf("%s: exit status %d, output %q", end, got, text)
		}
	}
}

// Added returns those that an exit would call, in its order.
func TestAdded(t *testing.T) {
	before, err := exits.Added()
	if err != nil {
		t.Fatal(err)
	}
	called := ""
	for _, name := range []string{"a", "b"} {
		if err := exits.RunLast(func() { called += name }); err != nil {
			t.Fatal(err)
		}
	}
	hooks, err := exits.Added()
	if err != nil || len(hooks) != len(before)+2 {
		t.Fatalf("%d hooks, %d before: %v", len(hooks), len(before), err)
	}
	for _, hook := range hooks[len(before):] {
		hook()
	}
	if called != "ab" {
		t.Errorf("called %q", called)
	}
}
