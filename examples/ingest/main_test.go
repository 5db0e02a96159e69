package main

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/crashtest"
	"github.com/epitaph-go/epitaph/report"
)

// asService has the test binary be the service: so the tests need no other file.
const asService = "INGEST_TEST_SERVICE"

func TestMain(m *testing.M) {
	if os.Getenv(asService) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func post(t *testing.T, url, frame string) (status int, body string) {
	t.Helper()
	r, err := http.Post(url+"/frames", "application/octet-stream", strings.NewReader(frame))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, _ := io.ReadAll(r.Body)
	return r.StatusCode, string(text)
}

func TestServer(t *testing.T) {
	s := httptest.NewServer(newServer())
	defer s.Close()
	if status, body := post(t, s.URL, "P\x02\x01abcd"); status != http.StatusOK || body != "2\n" {
		t.Errorf("status %d, %q", status, body)
	}
	if status, _ := post(t, s.URL, "nothing"); status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", status)
	}
	r, err := http.Get(s.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, _ := io.ReadAll(r.Body)
	if want := "ingest_frames_total 2\ningest_frames_refused_total 1\ningest_rows_total 2\n"; string(text) != want {
		t.Errorf("metrics:\n%s", text)
	}
}

// The stack of a crash in the service, from the C function to the HTTP handler.
func TestCrashInRequest(t *testing.T) {
	crashtest.Run(t, func() {
		s := httptest.NewServer(newServer())
		http.Post(s.URL+"/frames", "", strings.NewReader("P\x02\x00abcd"))
	}).Want(`
		SIGSEGV: write
		copy_plane
		...
		decode.Frame         decode.go
		(*metrics).decode  server.go
		...
	`)
}

// crash is a run of the service, by this command, that gets a frame and crashes.
func crash(t *testing.T, frame string, command ...string) *crashtest.Result {
	t.Helper()
	cmd := exec.Command(command[0], append(command[1:], "-listen=127.0.0.1:0")...)
	cmd.Env = append(os.Environ(), asService+"=1")
	r, w := io.Pipe()
	cmd.Stdout = w
	go func() {
		line, _ := bufio.NewReader(r).ReadString('\n')
		go io.Copy(io.Discard, r)
		if address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on "); ok {
			http.Post("http://"+address+"/frames", "", strings.NewReader(frame)) // nobody answers
		}
	}()
	defer w.Close()
	return crashtest.Command(t, cmd, crashtest.WithTimeout(20*time.Second))
}

func TestService(t *testing.T) {
	box := filepath.Join(t.TempDir(), "box")
	r := crash(t, "P\x00\x01abcd", os.Args[0], "-blackbox="+box).Want(`
		SIGFPE
		count_rows
		...
		(*metrics).decode
		...
	`)
	if len(r.Report.Breadcrumbs) == 0 || !strings.Contains(r.Report.Breadcrumbs[0].Text, "a frame of 7 bytes") {
		t.Errorf("breadcrumbs: %v", r.Report.Breadcrumbs)
	}
	checkBox(t, box, r)
}

// checkBox looks at what the next start would find.
func checkBox(t *testing.T, box string, r *crashtest.Result) {
	t.Helper()
	run, err := blackbox.Open(box)
	if err != nil {
		t.Fatal(err)
	}
	if run.End.Kind != blackbox.Crashed || !run.Unexpected() || run.Report == nil {
		t.Fatalf("the black box says: %+v", run.End)
	}
	kept, err := report.Parse(run.Report)
	if err != nil || kept.Process == nil || kept.Process.Time != r.Report.Process.Time {
		t.Errorf("the report in the black box is another one (%v): %s", err, run.Report)
	}
}

// TestContainer is the same as PID 1, as in a container, where the kernel discards the signals
// that others die of. The pod's status gets a short report.
func TestContainer(t *testing.T) {
	unshare := []string{"unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"}
	if out, err := exec.Command(unshare[0], append(unshare[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("no namespaces here: %v: %s", err, out)
	}
	box, log := filepath.Join(t.TempDir(), "box"), filepath.Join(t.TempDir(), "termination-log")
	// Kubernetes makes the file before the container starts.
	if err := os.WriteFile(log, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	r := crash(t, "P\x02\x01"+strings.Repeat("x", 100), append(unshare, os.Args[0], "-blackbox="+box, "-termination="+log)...).Want(`
		exit 134
		check_size
		decode_picture
		...
		(*metrics).decode
		...
	`)
	if r.Report.Process == nil || r.Report.Process.PID != 1 {
		t.Errorf("process: %+v", r.Report.Process)
	}
	checkBox(t, box, r)
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	brief, err := report.Parse(text)
	if err != nil || len(text) > 4096 || brief.End == nil || brief.Signal == nil || brief.Signal.Name != "SIGABRT" || brief.Current() == nil {
		t.Errorf("the termination log (%v): %s", err, text)
	}
}
