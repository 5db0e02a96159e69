package ship_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/cmd/epitaph/internal/ship"
	"github.com/epitaph-go/epitaph/report"
)

// server is one for OTLP/HTTP in JSON, which keeps what it has taken, can be stopped and
// started, and gives other answers on demand.
type server struct {
	t      testing.TB
	addr   string
	http   *http.Server
	answer func(records []map[string]any, w http.ResponseWriter) bool // true: it has answered

	mu      sync.Mutex
	records []map[string]any
	header  http.Header
}

func newServer(t testing.TB) *server {
	s := &server{t: t, addr: "127.0.0.1:0"}
	s.start()
	t.Cleanup(s.stop)
	return s
}

func (s *server) start() {
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		s.t.Error(err)
		return
	}
	s.addr = l.Addr().String()
	s.http = &http.Server{Handler: s}
	go s.http.Serve(l)
}

func (s *server) stop() { s.http.Close() }

func (s *server) url() string { return "http://" + s.addr + "/v1/logs" }

func (s *server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the client, or the server, has gone
	}
	records, err := decode(body)
	if err != nil || req.Header.Get("Content-Type") != "application/json" {
		s.t.Errorf("%v, content type %s", err, req.Header.Get("Content-Type"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.header = req.Header
	if s.answer != nil && s.answer(records, w) {
		return
	}
	s.records = append(s.records, records...)
	io.WriteString(w, `{"partialSuccess":{}}`)
}

// taken returns what the server has taken.
func (s *server) taken() []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.records)
}

// decode makes a request's records flat, the resource's attributes among them.
func decode(body []byte) (list []map[string]any, err error) {
	type attrs []struct {
		Key   string
		Value map[string]any
	}
	var v struct {
		ResourceLogs []struct {
			Resource  struct{ Attributes attrs }
			ScopeLogs []struct {
				LogRecords []struct {
					Attributes   attrs
					SeverityText string
					Body         map[string]any
				}
			}
		}
	}
	err = json.Unmarshal(body, &v)
	for _, of := range v.ResourceLogs {
		for _, scope := range of.ScopeLogs {
			for _, rec := range scope.LogRecords {
				m := map[string]any{"severity_text": rec.SeverityText, "body": rec.Body["stringValue"]}
				for _, a := range slices.Concat(of.Resource.Attributes, rec.Attributes) {
					for _, value := range a.Value {
						m[a.Key] = value
					}
				}
				list = append(list, m)
			}
		}
	}
	return list, err
}

const samples = "../../../../report/testdata/"

func sample(t testing.TB, name string) *report.Report {
	t.Helper()
	text, err := os.ReadFile(samples + name + ".crash")
	if err != nil {
		t.Skip(err) // the module alone has no reports
	}
	r, err := report.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// crashes puts n reports into a directory, of one process after the other.
func crashes(t testing.TB, dir string, r *report.Report, from, n int) {
	t.Helper()
	for i := from; i < from+n; i++ {
		process := *r.Process
		process.PID += i
		process.Time = process.Time.Add(time.Duration(i) * time.Second)
		r := *r
		r.Process = &process
		write(t, filepath.Join(dir, fmt.Sprintf("ingest-%d-%06d.crash", process.PID, i)), r.String(), process.Time)
	}
}

func write(t testing.TB, path, text string, at time.Time) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func newShipper(s *server, dir string) *ship.Shipper {
	return &ship.Shipper{
		Dir: dir, URL: s.url(), Client: &http.Client{}, Settle: time.Second,
		Backoff: time.Millisecond, MaxBackoff: 10 * time.Millisecond,
		Warn: func(line string) { s.t.Log(line) },
	}
}

func run(t testing.TB, s *ship.Shipper, want ship.Result) {
	t.Helper()
	got, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("result %+v, want %+v", got, want)
	}
}

func names(t testing.TB, dir, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	for i := range paths {
		paths[i] = filepath.Base(paths[i])
	}
	return paths
}

// TestOnce: 1 000 of 1 000 reports arrive once, in their order, although the server goes
// away twice and is busy in between.
func TestOnce(t *testing.T) {
	const n = 1000
	dir := t.TempDir()
	crashes(t, dir, sample(t, "segv"), 0, n)
	server := newServer(t)
	shipper := newShipper(server, dir)
	requests, down := 0, false
	server.answer = func(_ []map[string]any, w http.ResponseWriter) bool {
		switch requests++; requests {
		case 3, 9: // it stops before it has taken these
			down = true
			go server.http.Close()
			panic(http.ErrAbortHandler)
		case 5:
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		case 7:
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		}
		return false
	}
	shipper.Warn = func(line string) {
		// The first failure of each request: only now does the server come again.
		if server.mu.Lock(); down {
			down = false
			server.http.Close()
			server.start()
		}
		server.mu.Unlock()
		t.Log(line)
	}
	run(t, shipper, ship.Result{Sent: n})
	seen := map[any]int{}
	for i, m := range server.taken() {
		seen[m["log.record.uid"]]++
		if want := fmt.Sprint(12345 + i); m["process.pid"] != want {
			t.Fatalf("record %d is of process %v, want %s", i, m["process.pid"], want)
		}
	}
	if len(seen) != n || len(server.taken()) != n {
		t.Errorf("%d records of %d crashes", len(server.taken()), len(seen))
	}
	if sent := names(t, dir, "*.crash.sent"); len(sent) != n {
		t.Errorf("%d files are sent", len(sent))
	}
	run(t, newShipper(server, dir), ship.Result{}) // there is nothing left
}

// TestRefused: the one report that the server does not like keeps no other from arriving,
// and stays.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	crashes(t, dir, sample(t, "segv"), 0, 20)
	server := newServer(t)
	server.answer = func(records []map[string]any, w http.ResponseWriter) bool {
		bad := slices.ContainsFunc(records, func(m map[string]any) bool { return m["process.pid"] == "12352" })
		if bad {
			w.WriteHeader(http.StatusBadRequest)
		}
		return bad
	}
	run(t, newShipper(server, dir), ship.Result{Sent: 19, Failed: 1})
	if left := names(t, dir, "*.crash"); !slices.Equal(left, []string{"ingest-12352-000007.crash"}) {
		t.Errorf("left are %q", left)
	}
}

// TestStops: an answer that every report would get ends the run, and so does patience.
func TestStops(t *testing.T) {
	dir := t.TempDir()
	crashes(t, dir, sample(t, "segv"), 0, 3)
	for status, want := range map[int]string{
		http.StatusUnauthorized: "401 Unauthorized", http.StatusNotFound: "404 Not Found", http.StatusFound: "302 Found",
		http.StatusBadGateway: "gave up after 1ns",
	} {
		server := newServer(t)
		server.answer = func(_ []map[string]any, w http.ResponseWriter) bool { w.WriteHeader(status); return true }
		shipper := newShipper(server, dir)
		shipper.Patience = 1
		if _, err := shipper.Run(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: %v", status, err)
		}
	}
	if left := names(t, dir, "*.crash"); len(left) != 3 {
		t.Errorf("left are %q", left)
	}
}

// TestNotYet: what is being written, is too old, or is no report is left alone.
func TestNotYet(t *testing.T) {
	dir := t.TempDir()
	server := newServer(t)
	shipper := newShipper(server, dir)
	shipper.MaxAge, shipper.Settle = time.Hour, time.Minute
	text := sample(t, "segv").String()
	now := time.Now()
	write(t, filepath.Join(dir, "writing.crash"), text[:len(text)/2], now)
	write(t, filepath.Join(dir, "old.crash"), text, now.Add(-2*time.Hour))
	write(t, filepath.Join(dir, "empty.crash"), "", now.Add(-2*time.Minute))
	write(t, filepath.Join(dir, "diary"), "dear diary", now)
	run(t, shipper, ship.Result{Old: 1, Writing: 1, Failed: 1})
	// The writer has died.
	write(t, filepath.Join(dir, "writing.crash"), text[:len(text)/2], now.Add(-2*time.Minute))
	run(t, shipper, ship.Result{Sent: 1, Old: 1, Failed: 1})
	if m := server.taken()[0]; m["epitaph.incomplete"] != true || m["log.file.name"] != "writing.crash" {
		t.Errorf("record %v", m)
	}
}

// TestCopy: a report that is in two files is sent once, now and later; another one beside
// it in the second file is sent.
func TestCopy(t *testing.T) {
	dir := t.TempDir()
	r := sample(t, "segv")
	other := sample(t, "real-null")
	write(t, filepath.Join(dir, "a.crash"), r.String(), r.Process.Time)
	write(t, filepath.Join(dir, "b.crash"), r.String()+other.String(), r.Process.Time.Add(time.Second))
	write(t, filepath.Join(dir, "c.crash"), r.String(), r.Process.Time.Add(2*time.Second))
	server := newServer(t)
	run(t, newShipper(server, dir), ship.Result{Sent: 2})
	run(t, newShipper(server, dir), ship.Result{})
	if sent := names(t, dir, "*.sent"); len(sent) != 3 {
		t.Errorf("sent are %q", sent)
	}
}

// TestDumps: two dumps of the same text that do not say when they were are two.
func TestDumps(t *testing.T) {
	dir := t.TempDir()
	text := sample(t, "dump").String()
	write(t, filepath.Join(dir, "a.crash"), text+"\n"+text, time.Now().Add(-time.Minute))
	server := newServer(t)
	run(t, newShipper(server, dir), ship.Result{Sent: 2})
	if got := server.taken(); got[0]["log.record.uid"] == got[1]["log.record.uid"] || got[0]["severity_text"] != "INFO" {
		t.Errorf("records %v", got)
	}
}

// TestHeader: the headers that were asked for are sent.
func TestHeader(t *testing.T) {
	dir := t.TempDir()
	crashes(t, dir, sample(t, "segv"), 0, 1)
	server := newServer(t)
	shipper := newShipper(server, dir)
	shipper.Header = http.Header{"Authorization": {"Bearer x"}}
	run(t, shipper, ship.Result{Sent: 1})
	if got := server.header.Get("Authorization"); got != "Bearer x" {
		t.Errorf("header %q", got)
	}
}

// TestLock: a second process does not send what the first one is about to.
func TestLock(t *testing.T) {
	dir := t.TempDir()
	crashes(t, dir, sample(t, "segv"), 0, 1)
	server := newServer(t)
	server.answer = func([]map[string]any, http.ResponseWriter) bool {
		_, err := newShipper(server, dir).Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), "another process") {
			t.Errorf("a second one: %v", err)
		}
		return false
	}
	run(t, newShipper(server, dir), ship.Result{Sent: 1})
}

// TestPartly: what the server has dropped is reported, and not sent again.
func TestPartly(t *testing.T) {
	dir := t.TempDir()
	crashes(t, dir, sample(t, "segv"), 0, 2)
	server := newServer(t)
	server.answer = func(_ []map[string]any, w http.ResponseWriter) bool {
		io.WriteString(w, `{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"too long"}}`)
		return true
	}
	shipper := newShipper(server, dir)
	warned := ""
	shipper.Warn = func(line string) { warned += line }
	run(t, shipper, ship.Result{Sent: 2})
	if warned != "records that the server dropped: 1 (too long)" {
		t.Errorf("warning %q", warned)
	}
}
