//go:build linux

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// reportsDir is where the reports of package report's tests are.
const reportsDir = "../../report/testdata/"

func TestShip(t *testing.T) {
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		if strings.Contains(string(body), "SIGSEGV in crash_null_write") {
			paths = append(paths, req.URL.Path+" "+req.Header.Get("Content-Type")+" "+req.Header.Get("X-Scope"))
		}
	}))
	defer server.Close()
	text, err := os.ReadFile(reportsDir + "real-null.crash")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		url, want string
		args      []string
	}{
		{server.URL, "/v1/logs application/json ", nil},
		{server.URL + "/insert/logs", "/insert/logs application/x-protobuf blue", []string{"-protobuf", "-header", "X-Scope: blue"}},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "a.crash"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"1 sent\n", "0 sent\n"} {
			o := epitaph("", append([]string{"ship", "-to", c.url, dir}, c.args...)...)
			if o.status != 0 || o.stdout != want || o.stderr != "" {
				t.Errorf("%+v, want %q", o, want)
			}
		}
		if got := paths[len(paths)-1]; got != c.want {
			t.Errorf("the server got %q, want %q", got, c.want)
		}
	}
	if len(paths) != 2 {
		t.Errorf("%d requests", len(paths))
	}
}

func TestShipUsage(t *testing.T) {
	dir := t.TempDir()
	for want, args := range map[string][]string{
		"0 directories, want one":               {"-to", "http://h"},
		"no server: want -to URL":               {dir},
		"-to localhost:4318: want http://HOST":  {"-to", "localhost:4318", dir},
		"want N/min, N/s or N/h":                {"-to", "http://h", "-sample", "5", dir},
		"want NAME: VALUE":                      {"-to", "http://h", "-header", "x", dir},
		"unknown flag -max-ago. Did you mean: ": {"-max-ago", "1s", dir},
	} {
		if o := epitaph("", append([]string{"ship"}, args...)...); o.status != exitUsage || !strings.Contains(o.stderr, want) {
			t.Errorf("%q: %+v, want %q", args, o, want)
		}
	}
	o := epitaph("", "ship", "-to", "http://127.0.0.1:1", "-patience", "1ns", filepath.Join(dir, "none"))
	if o.status != exitFailure || !strings.Contains(o.stderr, "none") {
		t.Errorf("%+v", o)
	}
}

// TestHeadersFrom: the form is that of OpenTelemetry's exporters, and an error does not
// show what may be a secret.
func TestHeadersFrom(t *testing.T) {
	h := http.Header{}
	if err := headersFrom(h, "authorization=Bearer%20x, x-scope=blue,"); err != nil || h.Get("Authorization") != "Bearer x" || h.Get("X-Scope") != "blue" {
		t.Errorf("%v, %v", h, err)
	}
	if err := headersFrom(h, "secret"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
}
