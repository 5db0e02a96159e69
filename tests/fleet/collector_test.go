package fleet_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// collector is an OpenTelemetry Collector with the configuration of docs/collect, which
// can be stopped and started, and keeps what it has read and not sent.
type collector struct {
	t            *testing.T
	binary       string
	config       string
	dir          string // stands for the root of the file system
	otlp, status string // addresses
	log          string
	cmd          *exec.Cmd
}

// newCollector starts one that sends to the server.
func newCollector(t *testing.T, server *victoriaLogs) *collector {
	t.Helper()
	binary := built(t, "the OpenTelemetry Collector", "otelcol/otelcol")
	dir := t.TempDir()
	c := &collector{
		t: t, binary: binary, config: filepath.Join(dir, "otel.yaml"), dir: dir,
		otlp: freeAddr(t), status: freeAddr(t), log: filepath.Join(dir, "collector.log"),
	}
	text, err := os.ReadFile("../../docs/collect/otel.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/var/lib/otelcol", "/var/log/pods", "/var/lib/docker/containers", "/var/log/app", "/var/crash"} {
		if !bytes.Contains(text, []byte(path)) {
			t.Fatalf("otel.yaml has no %s", path)
		}
		text = bytes.ReplaceAll(text, []byte(path), []byte(dir+path))
		if err := os.MkdirAll(dir+path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	text = bytes.ReplaceAll(text, []byte("127.0.0.1:4318"), []byte(c.otlp))
	text = bytes.ReplaceAll(text, []byte("http://127.0.0.1:9428"), []byte("http://"+server.addr))
	if err := os.WriteFile(c.config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	c.start()
	t.Cleanup(c.stop)
	return c
}

func (c *collector) start() {
	c.t.Helper()
	log, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		c.t.Fatal(err)
	}
	defer log.Close()
	host, port, _ := strings.Cut(c.status, ":")
	c.cmd = exec.Command(c.binary, "--config", c.config, "--set", fmt.Sprintf(
		"service.telemetry.metrics.readers=[{pull: {exporter: {prometheus: {host: %s, port: %s}}}}]", host, port))
	c.cmd.Stdout, c.cmd.Stderr = log, log
	if err := c.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	eventually(c.t, "up", func() bool {
		return strings.Count(c.text(), "Everything is ready.") > strings.Count(c.text(), "Shutdown complete.")
	})
}

func (c *collector) text() string {
	b, err := os.ReadFile(c.log)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(b)
}

// stop ends the collector as Kubernetes does.
func (c *collector) stop() {
	if c.cmd == nil {
		return
	}
	c.cmd.Process.Signal(os.Interrupt)
	if err := c.cmd.Wait(); err != nil {
		c.t.Errorf("otelcol: %v", err)
	}
	c.cmd = nil
	if c.t.Failed() {
		for line := range strings.Lines(c.text()) {
			if !strings.Contains(line, "\tinfo\t") {
				c.t.Log(line)
			}
		}
	}
}

var accepted = regexp.MustCompile(`(?m)^otelcol_receiver_accepted_log_records(?:__records_|_total)?\{.*\} (\d+)$`)

// taken returns how many records the collector has made of what it read since its start.
func (c *collector) taken() (n int) {
	resp, err := http.Get("http://" + c.status + "/metrics")
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0
	}
	for _, m := range accepted.FindAllSubmatch(text, -1) {
		records, _ := strconv.Atoi(string(m[1]))
		n += records
	}
	return n
}
