package fleet_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// limit is how long anything may take here.
const limit = 60 * time.Second

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for began := time.Now(); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > limit {
			t.Fatalf("after %v: not %s", limit, what)
		}
	}
}

// freeAddr is an address on this machine that nothing listens at.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	return l.Addr().String()
}

// victoriaLogs is a server that can be stopped and started, and keeps its data.
type victoriaLogs struct {
	t            *testing.T
	binary, data string
	addr         string
	cmd          *exec.Cmd
}

// built returns a server's file in the directory that EPITAPH_FLEET names. Without that the
// test is skipped.
func built(t *testing.T, what, path string) string {
	t.Helper()
	dir := os.Getenv("EPITAPH_FLEET")
	if dir == "" {
		t.Skipf("needs %s: make fleet builds it, or EPITAPH_FLEET names a directory with %s in it", what, path)
	}
	binary := filepath.Join(dir, filepath.FromSlash(path))
	if _, err := os.Stat(binary); err != nil {
		t.Fatal(err)
	}
	return binary
}

func newVictoriaLogs(t *testing.T) *victoriaLogs {
	binary := built(t, "VictoriaLogs", "victoria-logs")
	s := &victoriaLogs{t: t, binary: binary, data: t.TempDir(), addr: freeAddr(t)}
	s.start()
	t.Cleanup(s.stop)
	return s
}

func (s *victoriaLogs) start() {
	s.t.Helper()
	s.cmd = exec.Command(s.binary, "-storageDataPath="+s.data, "-httpListenAddr="+s.addr, "-loggerLevel=ERROR")
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	eventually(s.t, "up", func() bool {
		resp, err := http.Get("http://" + s.addr + "/health")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// stop ends the server as an operator does; it writes down what it has.
func (s *victoriaLogs) stop() {
	if s.cmd == nil {
		return
	}
	s.cmd.Process.Signal(os.Interrupt)
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("victoria-logs: %v", err)
	}
	s.cmd = nil
}

// ask runs a query of LogsQL, and returns the rows of its answer.
func (s *victoriaLogs) ask(query string) (rows []map[string]string) {
	s.t.Helper()
	for _, path := range []string{"/internal/force_flush", "/select/logsql/query?query=" + url.QueryEscape(query)} {
		resp, err := http.Get("http://" + s.addr + path)
		if err != nil {
			s.t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			s.t.Fatalf("%s: %s", path, resp.Status)
		}
		if !strings.HasPrefix(path, "/select") {
			continue
		}
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var row map[string]string
			if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
				s.t.Fatalf("%v: %s", err, lines.Bytes())
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// count returns how many records of the last hour a filter finds.
func (s *victoriaLogs) count(filter string) int {
	s.t.Helper()
	n, err := strconv.Atoi(s.ask("_time:1h " + filter + " | stats count() n")[0]["n"])
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

func (s *victoriaLogs) url() string {
	return fmt.Sprintf("http://%s/insert/opentelemetry/v1/logs", s.addr)
}
