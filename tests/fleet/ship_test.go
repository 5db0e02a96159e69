package fleet_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

// epitaph builds the command.
func epitaph(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "epitaph")
	build := exec.Command("go", "build", "-o", path, ".")
	build.Dir = "../../cmd/epitaph" // in the workspace
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// samples are reports of two kinds of crash.
func samples(t *testing.T) (kinds []*report.Report) {
	t.Helper()
	for _, name := range []string{"real-null", "real-doublefree"} {
		text, err := os.ReadFile("../../report/testdata/" + name + ".crash")
		if err != nil {
			t.Fatal(err)
		}
		r, err := report.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, r)
	}
	return kinds
}

// of is the report of a process that has crashed just now.
func of(r *report.Report, pid int) *report.Report {
	process := *r.Process
	process.PID, process.Time = pid, time.Now()
	other := *r
	other.Process = &process
	return &other
}

// crash writes such a report to a directory.
func crash(t *testing.T, dir string, r *report.Report, pid int) {
	t.Helper()
	path := filepath.Join(dir, fmt.Sprintf("%s-%d.crash", r.Process.Name, pid))
	if err := os.WriteFile(path+".tmp", []byte(of(r, pid).String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		t.Fatal(err)
	}
}

// writer returns what writes n more reports to a directory, of two kinds by turns. The
// process ids begin at 1.
func writer(t *testing.T, dir string, kinds []*report.Report) func(n int) {
	pid := 0
	return func(n int) {
		t.Helper()
		for range n {
			pid++
			crash(t, dir, kinds[pid%2], pid)
		}
	}
}

func count(t *testing.T, dir, pattern string) int {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return len(paths)
}

// TestShipOnce: of 1 000 reports, of two kinds of crash, 1 000 records are in the server,
// each once, although it is stopped and started again while they come, and ship is, too.
func TestShipOnce(t *testing.T) {
	server := newVictoriaLogs(t)
	command, dir := epitaph(t), t.TempDir()
	kinds := samples(t)
	crashes := writer(t, dir, kinds)
	sent := func(n int) func() bool { return func() bool { return count(t, dir, "*.sent") >= n } }

	ship := start(t, command, dir, server.url())
	crashes(400)
	eventually(t, "400 sent", sent(400))
	server.stop()
	crashes(200)
	ship.waitFor("trying again")
	ship.stop() // in the midst of it
	ship = start(t, command, dir, server.url())
	crashes(200)
	ship.waitFor("trying again")
	server.start()
	crashes(200)
	eventually(t, "1000 sent", sent(1000))
	ship.stop()

	row := server.ask(`_time:1h * | stats count() n, count_uniq("log.record.uid") uids, count_uniq("process.pid") pids`)[0]
	if row["n"] != "1000" || row["uids"] != "1000" || row["pids"] != "1000" {
		t.Errorf("records %v", row)
	}
	// The answers that an engineer wants: which crashes there are, and how many of each.
	groups := server.ask(`_time:1h severity_number:=21 | stats by ("epitaph.signature") count() n`)
	want := map[string]bool{kinds[0].Signature(): true, kinds[1].Signature(): true}
	for _, g := range groups {
		if !want[g["epitaph.signature"]] || g["n"] != "500" {
			t.Errorf("group %v", g)
		}
	}
	if len(groups) != 2 {
		t.Errorf("%d groups: %v", len(groups), groups)
	}
	// A report comes back whole.
	rows := server.ask(`_time:1h "process.pid":=7 | fields "exception.stacktrace", _msg`)
	if len(rows) != 1 {
		t.Fatalf("%d records of process 7", len(rows))
	}
	r, err := report.Parse([]byte(rows[0]["exception.stacktrace"]))
	if err != nil || r.Signature() != kinds[1].Signature() || rows[0]["_msg"] != kinds[1].Summary() {
		t.Errorf("%v, %v", err, rows[0]["_msg"])
	}
}

// TestShipKilled: ship is killed again and again, at any point. Every report arrives. What
// comes twice has the same log.record.uid both times.
func TestShipKilled(t *testing.T) {
	server := newVictoriaLogs(t)
	command, dir := epitaph(t), t.TempDir()
	const n = 1000
	kinds := samples(t)
	for pid := range n {
		crash(t, dir, kinds[pid%2], pid+1)
	}
	kills := 0
	for count(t, dir, "*.crash") > 0 {
		ship := start(t, command, dir, server.url())
		// Later and later, or a machine that is busy would never come to sending.
		time.Sleep(rand.N(20*time.Millisecond + time.Duration(kills)*2*time.Millisecond))
		ship.cmd.Process.Kill()
		ship.cmd.Wait()
		kills++
	}
	row := server.ask(`_time:1h severity_number:=21 | stats count() n, count_uniq("log.record.uid") uids, count_uniq("process.pid") pids`)[0]
	if row["uids"] != strconv.Itoa(n) || row["pids"] != strconv.Itoa(n) {
		t.Errorf("records %v", row)
	}
	t.Logf("%d reports, killed %d times, %s records", n, kills, row["n"])
	if kills < 3 {
		t.Errorf("killed only %d times", kills)
	}
}

// shipping is a running "epitaph ship".
type shipping struct {
	t    *testing.T
	cmd  *exec.Cmd
	path string // of its standard error
}

func start(t *testing.T, command, dir, to string) *shipping {
	t.Helper()
	s := &shipping{t: t, path: filepath.Join(t.TempDir(), "stderr")}
	errs, err := os.Create(s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer errs.Close()
	s.cmd = exec.Command(command, "ship", "-watch", "50ms", "-protobuf", "-to", to, dir)
	s.cmd.Stderr = errs
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cmd.Process.Kill() })
	return s
}

func (s *shipping) waitFor(text string) {
	s.t.Helper()
	eventually(s.t, text, func() bool {
		b, err := os.ReadFile(s.path)
		return err == nil && strings.Contains(string(b), text)
	})
}

// stop ends it by SIGINT, which is no failure.
func (s *shipping) stop() {
	s.t.Helper()
	s.cmd.Process.Signal(os.Interrupt)
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("ship: %v", err)
	}
}
