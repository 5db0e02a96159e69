package fleet_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

// restarts is how many files a container's log has: one a start.
const restarts = 25

// TestCollectorOnce: of 1 000 reports of containers that crash again and again, 1 000 records
// are in the server, each once, although it is stopped and started meanwhile, and the
// Collector is, too.
func TestCollectorOnce(t *testing.T) {
	server := newVictoriaLogs(t)
	collector := newCollector(t, server)
	kinds := samples(t)
	pid := 0
	crashes := func(n int) {
		for range n {
			pid++
			path := fmt.Sprintf("%s/var/log/pods/shop_ingest-%d_3c9e4c5a-0d6f-4a5e-9b1a-0f1e2d3c4b5a/ingest/%d.log", collector.dir, pid%8, pid/8%restarts)
			play(t, func(stream, line string) string {
				if stream == "stdout" {
					return ""
				}
				return cri(stream, line)
			}, path, of(kinds[pid%2], pid).String())
		}
	}
	taken := func(n int) {
		t.Helper()
		eventually(t, fmt.Sprintf("%d read, but %d", n, collector.taken()), func() bool { return collector.taken() >= n })
	}
	crashes(400)
	eventually(t, "400 there", func() bool { return server.count("*") >= 400 })
	server.stop()
	crashes(200)
	taken(600)
	collector.stop()
	crashes(200)
	collector.start()
	taken(200)
	server.start()
	crashes(200)
	eventually(t, "1000 there", func() bool { return server.count("*") >= 1000 })
	row := server.ask(`_time:1h * | stats count() n, count_uniq("exception.stacktrace") texts, count_uniq("process.pid") pids`)[0]
	if row["n"] != "1000" || row["texts"] != "1000" || row["pids"] != "1000" {
		t.Errorf("records %v", row)
	}
	for _, row := range server.ask(`_time:1h * | fields "exception.stacktrace"`) {
		r, err := report.Parse([]byte(row["exception.stacktrace"]))
		if err != nil || !r.Complete() || len(r.Unknown) > 0 {
			t.Fatalf("%v: %v", err, row)
		}
	}
}

// TestShipToCollector: "epitaph ship" sends to the Collector, which sends on: each of 200
// reports once, although both servers are stopped and started meanwhile.
func TestShipToCollector(t *testing.T) {
	server := newVictoriaLogs(t)
	collector := newCollector(t, server)
	command, dir := epitaph(t), t.TempDir()
	crashes := writer(t, dir, samples(t))
	ship := start(t, command, dir, "http://"+collector.otlp)
	crashes(50)
	eventually(t, "50 there", func() bool { return server.count("*") >= 50 })
	collector.stop()
	crashes(50)
	ship.waitFor("trying again")
	server.stop()
	collector.start()
	crashes(100)
	eventually(t, "200 sent", func() bool { return count(t, dir, "*.sent") >= 200 })
	server.start()
	eventually(t, "200 there", func() bool { return server.count("*") >= 200 })
	ship.stop()
	row := server.ask(`_time:1h severity_number:=21 | stats count() n, count_uniq("log.record.uid") uids, count_uniq("process.pid") pids`)[0]
	if row["n"] != "200" || row["uids"] != "200" || row["pids"] != "200" {
		t.Errorf("records %v", row)
	}
}

// TestCollectorFiles: the files of WithDir, and a file that standard error goes to, with
// reports of text and of JSON: each report is one record.
func TestCollectorFiles(t *testing.T) {
	server := newVictoriaLogs(t)
	collector := newCollector(t, server)
	program := crasher(t)
	want := map[string]string{}
	for i := range 3 {
		request := fmt.Sprintf("dir-%d", i)
		if err := exec.Command(program, "-dir", filepath.Join(collector.dir, "/var/crash"), "-goroutines", "60", request).Run(); err == nil {
			t.Fatal("no crash")
		}
		want[request] = ""
	}
	var text string
	for i := range 6 {
		request := fmt.Sprintf("stderr-%d", i)
		args := [][]string{{request}, {"-json", request}, {"-goroutines", "60", request}}[i%3]
		stderr, r := died(t, program, args...)
		want[request] = r.Summary()
		text += stderr
	}
	appendTo(t, filepath.Join(collector.dir, "/var/log/app/app.log"), text)
	eventually(t, "all records", func() bool { return server.count("*") >= len(want)+6 })
	for _, row := range server.ask(`_time:1h severity_number:=21 | fields "exception.stacktrace", _msg`) {
		r, err := report.Parse([]byte(row["exception.stacktrace"]))
		if err != nil || !r.Complete() || row["_msg"] != r.Summary() || len(r.Annotations) != 1 {
			t.Errorf("%v: %v", err, row)
			continue
		}
		request := r.Annotations[0].Value
		if summary, has := want[request]; !has || summary != "" && summary != r.Summary() {
			t.Errorf("%s: %s, want %s", request, r.Summary(), summary)
		}
		delete(want, request)
	}
	for request := range want {
		t.Errorf("no record of %s", request)
	}
	if n := server.count("*"); n != 9+6 {
		t.Errorf("%d records, want 15: %v", n, server.ask(`_time:1h !severity_number:=21 | fields _msg`))
	}
}
