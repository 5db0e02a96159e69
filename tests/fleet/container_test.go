package fleet_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

// pieceSize is where containerd and docker cut lines. conmon cuts wherever it has read
// (TestRuntimes has the real one).
const pieceSize = 16 << 10

// A runtime writes the log of a container: the lines of one of its streams.
type runtime func(stream, line string) string

// cri is the format of Kubernetes' node logs: a line's last piece has the tag F, those before
// it P (KEP-53; containerd's internal/cri/io/logger.go).
func cri(stream, line string) string {
	var b strings.Builder
	for {
		piece, tag := line, "F"
		if len(line) > pieceSize {
			piece, tag = line[:pieceSize], "P"
		}
		fmt.Fprintf(&b, "%s %s %s %s\n", time.Now().UTC().Format(time.RFC3339Nano), stream, tag, piece)
		if tag == "F" {
			return b.String()
		}
		line = line[len(piece):]
	}
}

// docker is json-file: an object a piece, and only that of the last piece has the newline
// (daemon/logger/copier.go).
func docker(stream, line string) string {
	var b strings.Builder
	line += "\n"
	for line != "" {
		piece := line[:min(len(line), pieceSize)]
		text, err := json.Marshal(map[string]string{"log": piece, "stream": stream, "time": time.Now().UTC().Format(time.RFC3339Nano)})
		if err != nil {
			panic(err)
		}
		b.Write(append(text, '\n'))
		line = line[len(piece):]
	}
	return b.String()
}

// every is after how many lines of standard error one of standard output comes.
const every = 10

// play has a runtime write what a container wrote to standard error, with lines of its
// standard output in between, and returns how many there were of these.
func play(t *testing.T, write runtime, path, stderr string) (others int) {
	t.Helper()
	var log strings.Builder
	for i, line := range strings.Split(strings.TrimSuffix(stderr, "\n"), "\n") {
		log.WriteString(write("stderr", line))
		if i%every == every-1 {
			log.WriteString(write("stdout", "2026-11-30T01:02:03Z all is well"))
			others++
		}
	}
	appendTo(t, path, log.String())
	return others
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// crasher builds the service that crashes.
func crasher(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "crasher")
	if out, err := exec.Command("go", "build", "-o", path, "./crasher").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// died returns what a service that crashed wrote to standard error, and its report.
func died(t *testing.T, program string, args ...string) (stderr string, r *report.Report) {
	t.Helper()
	var b strings.Builder
	cmd := exec.Command(program, args...)
	cmd.Stderr = &b
	if err := cmd.Run(); err == nil {
		t.Fatalf("%v did not crash", args)
	}
	s := report.NewScanner(strings.NewReader(b.String()))
	if !s.Scan() || !s.Report().Complete() {
		t.Fatalf("%v: no whole report in\n%s", args, &b)
	}
	return b.String(), s.Report()
}

// TestContainers: what containers write to standard error goes through the Collector to the
// server, from the log of either runtime: each report is one record, whole, and so is each
// line of the log around it. Reports are text, and JSON in lines that the runtimes cut.
func TestContainers(t *testing.T) {
	server := newVictoriaLogs(t)
	collector := newCollector(t, server)
	program := crasher(t)
	runs := map[string][]string{
		"null": nil, "long": {"-goroutines", "60"}, "json": {"-json"}, "longjson": {"-json", "-goroutines", "60"}, "panicjson": {"-json", "-panic"},
	}
	want := map[string]*report.Report{} // by container
	others := 0
	for name, args := range runs {
		for runtimeName, write := range map[string]runtime{"cri": cri, "docker": docker} {
			container := name + "-" + runtimeName
			stderr, r := died(t, program, append(args, container)...)
			path := fmt.Sprintf("%s/var/log/pods/shop_%s_3c9e4c5a-0d6f-4a5e-9b1a-0f1e2d3c4b5a/ingest/0.log", collector.dir, container)
			if runtimeName == "docker" {
				path = fmt.Sprintf("%s/var/lib/docker/containers/%[2]s/%[2]s-json.log", collector.dir, container)
			}
			others += play(t, write, path, stderr) + 1 // the line that the service logs
			if strings.HasPrefix(name, "panic") {
				others++ // what Go says of it
			}
			want[container] = r
			if strings.HasPrefix(name, "long") && len(stderr) < 2*pieceSize {
				t.Fatalf("%s writes only %d bytes", name, len(stderr))
			}
		}
	}
	eventually(t, "all records", func() bool { return server.count("*") >= len(want)+others })
	if n := server.count(`severity_number:=21 _msg:="panic: no profile"*`); n != 2 {
		t.Errorf("%d records of Go's own", n)
	}
	for _, row := range server.ask(`_time:1h severity_number:=21 !_msg:="panic: no profile"* | fields "exception.stacktrace", "exception.type", "process.pid", "k8s.pod.name", _msg`) {
		got, err := report.Parse([]byte(row["exception.stacktrace"]))
		if err != nil || !got.Complete() {
			t.Errorf("%v: %s", err, row)
			continue
		}
		container := ""
		for _, a := range got.Annotations {
			container = a.Value
		}
		r := want[container]
		delete(want, container)
		switch what, _, _ := r.SummaryParts(); {
		case strings.TrimSuffix(got.String(), "\n") != strings.TrimSuffix(r.String(), "\n"):
			t.Errorf("%s: got\n%s\nwant\n%s", container, got, r)
		case row["_msg"] != r.Summary(), row["process.pid"] != fmt.Sprint(r.Process.PID), row["exception.type"] != what:
			t.Errorf("%s: %v", container, row)
		case strings.HasSuffix(container, "-cri") && row["k8s.pod.name"] != container:
			t.Errorf("%s: pod %s", container, row["k8s.pod.name"])
		}
	}
	for container := range want {
		t.Errorf("no record of %s", container)
	}
	if n := server.count("*"); n != len(runs)*2+others {
		t.Errorf("%d records, want %d: %v", n, len(runs)*2+others, server.ask(`_time:1h !severity_number:=21 | fields _msg`))
	}
}
