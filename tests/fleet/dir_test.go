package fleet_test

import (
	"errors"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
)

// TestWithDir: the reports of a service that crashes again and again are in the server, a
// group of one signature, with what the service has noted.
func TestWithDir(t *testing.T) {
	server := newVictoriaLogs(t)
	command, dir := epitaph(t), t.TempDir()
	program := crasher(t)
	const n = 5
	for i := range n {
		err := exec.Command(program, "-dir", dir, strconv.Itoa(i)).Run()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGSEGV {
			t.Fatalf("the service ended with %v", err)
		}
	}
	for _, want := range []string{"5 sent\n", "0 sent\n"} {
		out, err := exec.Command(command, "ship", "-protobuf", "-to", server.url(), dir).Output()
		if err != nil || string(out) != want {
			t.Fatalf("%v: %q, want %q", err, out, want)
		}
	}
	groups := server.ask(`_time:1h severity_number:=21 | stats by ("epitaph.signature", "code.function.name", "exception.type", "service.name") ` +
		`count() n, count_uniq("epitaph.annotation.request") requests`)
	if len(groups) != 1 {
		t.Fatalf("%d groups: %v", len(groups), groups)
	}
	for key, want := range map[string]string{
		"code.function.name": "copy_plane", "exception.type": "SIGSEGV", "service.name": "crasher", "n": "5", "requests": "5",
	} {
		if groups[0][key] != want {
			t.Errorf("%s is %q, want %q", key, groups[0][key], want)
		}
	}
}
