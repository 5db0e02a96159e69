package fleet_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// The logs of TestContainers are written as runtimes write them. Here are the runtimes
// themselves: conmon over runc, which is what CRI-O and Podman use, and Docker.

// containerImage is a directory with the service in it and nothing else, so it is static.
func containerImage(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	cmd := exec.Command("go", "build", "-ldflags=-extldflags=-static", "-o", filepath.Join(root, "crasher"), "./crasher")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, dir := range []string{"proc", "dev"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	return root
}

// needRuntime skips a test where the programs are not installed, and where this user may not
// make containers.
func needRuntime(t *testing.T, programs ...string) {
	t.Helper()
	victim.NeedTools(t, programs...)
	probe := exec.Command("/bin/true")
	probe.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS}
	if err := probe.Run(); err != nil {
		t.Skipf("needs leave to make namespaces: %v", err)
	}
	cgroup := "/sys/fs/cgroup"
	if _, err := os.Stat(cgroup + "/memory"); err == nil {
		cgroup += "/memory"
	}
	cgroup += "/epitaph-probe-" + strconv.Itoa(os.Getpid())
	if err := os.Mkdir(cgroup, 0o755); err != nil {
		t.Skipf("needs leave to make cgroups: %v", err)
	}
	os.Remove(cgroup)
}

// terminationLog makes the file that the kubelet mounts at /dev/termination-log.
func terminationLog(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "termination-log")
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o666); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	return path
}

// A container is one that has ended.
type container struct {
	id          string
	status      int
	log         string // what the runtime has written: its path
	termination string // the path of its termination message
}

// specification is the part of OCI's runtime specification that is needed here, after what
// Kubernetes asks for a restricted pod: no user 0, no capabilities, a root that is read-only.
func specification(root, id, termination string, args []string) map[string]any {
	mount := func(destination, kind, source string, options ...string) map[string]any {
		return map[string]any{"destination": destination, "type": kind, "source": source, "options": options}
	}
	namespaces := []map[string]string{}
	for _, kind := range []string{"pid", "mount", "ipc", "uts", "network"} {
		namespaces = append(namespaces, map[string]string{"type": kind})
	}
	return map[string]any{
		"ociVersion": "1.0.2",
		"hostname":   "ingest-6d4b",
		"root":       map[string]any{"path": root, "readonly": true},
		"process": map[string]any{
			"args": args, "cwd": "/", "noNewPrivileges": true,
			"user": map[string]int{"uid": 65534, "gid": 65534},
			"env":  []string{"KUBERNETES_SERVICE_HOST=10.0.0.1"},
		},
		"mounts": []any{
			mount("/proc", "proc", "proc"), mount("/dev", "tmpfs", "tmpfs", "nosuid", "mode=755"),
			mount("/dev/termination-log", "bind", termination, "bind", "rw"),
		},
		"linux": map[string]any{
			"namespaces": namespaces, "cgroupsPath": "/kubepods/burstable/pod3c9e4c5a-0d6f-4a5e-9b1a-0f1e2d3c4b5a/" + id,
		},
	}
}

// conmon runs a container as CRI-O does: conmon makes it, the runtime starts it, and conmon
// writes its log and how it ended.
func conmon(t *testing.T, image, log string, args []string) container {
	t.Helper()
	dir, err := os.MkdirTemp("", "conmon") // short: it has sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	id := make([]byte, 32)
	rand.Read(id)
	c := container{id: hex.EncodeToString(id), log: log, termination: terminationLog(t)}
	spec, err := json.Marshal(specification(image, c.id, c.termination, args))
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{"bundle/config.json": string(spec), "exits/.": "", "sockets/.": ""} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if text != "" {
			appendTo(t, filepath.Join(dir, path), text)
		}
	}
	appendTo(t, log, "") // its directory
	runc, err := exec.LookPath("runc")
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	monitor := exec.Command("conmon", "--sync", "--api-version", "1", "--cid", c.id, "--cuuid", c.id, "--runtime", runc,
		"--runtime-arg", "--root", "--runtime-arg", dir+"/state", "--bundle", dir+"/bundle", "--container-pidfile", dir+"/pid",
		"--exit-dir", dir+"/exits", "--socket-dir-path", dir+"/sockets", "--log-path", "k8s-file:"+log)
	monitor.Stdout, monitor.Stderr = &said, &said
	if err := monitor.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- monitor.Wait() }()
	run := func(verb ...string) ([]byte, error) {
		return exec.Command(runc, append([]string{"--root", dir + "/state"}, verb...)...).CombinedOutput()
	}
	eventually(t, "created", func() bool {
		if len(ended) > 0 {
			t.Fatalf("conmon: %v\n%s%s", <-ended, &said, readFile(t, log))
		}
		pid, err := os.ReadFile(dir + "/pid")
		return err == nil && len(pid) > 0
	})
	defer run("delete", "--force", c.id)
	if out, err := run("start", c.id); err != nil {
		t.Fatalf("runc start: %v\n%s", err, out)
	}
	err = <-ended // conmon's status is the container's
	if c.status, _ = strconv.Atoi(readFile(t, filepath.Join(dir, "exits", c.id))); c.status == 0 {
		t.Fatalf("conmon: %v\n%s", err, &said)
	}
	return c
}

// dockerd starts a Docker of its own, and returns how to run a container in it.
func dockerd(t *testing.T, image, data string) func(args []string) container {
	t.Helper()
	dir, err := os.MkdirTemp("", "docker")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	// Without a network of its own: the machine's rules for packets are not touched.
	daemon := exec.Command("dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs",
		"--data-root="+data, "--exec-root="+dir+"/exec", "--pidfile="+dir+"/pid", "--host=unix://"+dir+"/socket")
	var said bytes.Buffer
	daemon.Stdout, daemon.Stderr = &said, &said
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- daemon.Wait() }()
	t.Cleanup(func() {
		daemon.Process.Signal(syscall.SIGTERM)
		<-ended
		if t.Failed() {
			t.Logf("dockerd:\n%s", said.Bytes()[max(0, said.Len()-4000):])
		}
	})
	docker := func(args ...string) *exec.Cmd {
		return exec.Command("docker", append([]string{"--host", "unix://" + dir + "/socket"}, args...)...)
	}
	eventually(t, "up", func() bool {
		if len(ended) > 0 {
			err := <-ended
			ended <- err
			t.Fatalf("dockerd: %v", err)
		}
		return docker("version").Run() == nil
	})
	run := func(args ...string) string {
		t.Helper()
		out, err := docker(args...).Output()
		if err != nil {
			t.Fatalf("docker %v: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	files := filepath.Join(dir, "image.tar")
	if out, err := exec.Command("tar", "-C", image, "-cf", files, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run("import", files, "ingest")
	return func(args []string) container {
		t.Helper()
		c := container{termination: terminationLog(t)}
		c.id = run(append([]string{
			"create", "--network=none", "--read-only", "--user=65534", "--cap-drop=ALL", "--log-driver=json-file",
			"--env=KUBERNETES_SERVICE_HOST=10.0.0.1", "--volume=" + c.termination + ":/dev/termination-log", "ingest",
		}, args...)...)
		run("start", c.id)
		if c.status, err = strconv.Atoi(run("wait", c.id)); err != nil {
			t.Fatal(err)
		}
		c.log = run("inspect", "--format={{.LogPath}}", c.id)
		return c
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

// check is what a container's end and its termination message have to say, and what package
// report reads in the log as the runtime has written it. It returns the report.
func (c container) check(t *testing.T, request string) *report.Report {
	t.Helper()
	if c.status != 128+int(syscall.SIGSEGV) {
		t.Errorf("%s: exit status %d", request, c.status)
	}
	scanner := report.NewScanner(strings.NewReader(readFile(t, c.log)))
	if !scanner.Scan() {
		t.Fatalf("%s: no report in\n%.2000s", request, readFile(t, c.log))
	}
	r := scanner.Report()
	switch {
	case !r.Complete() || len(r.Unknown) > 0:
		t.Errorf("%s: %v\n%s", request, r.Unknown, r)
	case r.Process.PID != 1 || r.Host == nil || r.Host.Container != c.id:
		t.Errorf("%s: PID %d, %+v, want container %s", request, r.Process.PID, r.Host, c.id)
	case len(r.Annotations) != 1 || r.Annotations[0].Value != request:
		t.Errorf("%s: annotations %v", request, r.Annotations)
	}
	message := readFile(t, c.termination)
	short, err := report.Parse([]byte(message))
	if err != nil || len(message) > 4096 || short.Summary() != r.Summary() {
		t.Errorf("%s: the termination message: %v, %d bytes\n%s", request, err, len(message), message)
	}
	return r
}

// TestRuntimes: the service crashes as PID 1 of real containers. The termination message has
// the sentence, and each report is one record of the server, whole, out of the log that the
// runtime has written, and has cut into pieces.
func TestRuntimes(t *testing.T) {
	runs := map[string][]string{
		"null": nil, "long": {"-goroutines", "60"}, "json": {"-json"}, "longjson": {"-json", "-goroutines", "60"},
	}
	all := func(t *testing.T, isPiece func(line string) bool, run func(c *collector, request string, args []string) container) {
		server := newVictoriaLogs(t)
		collector := newCollector(t, server)
		want := map[string]*report.Report{}
		for name, args := range runs {
			c := run(collector, name, append(append([]string{"/crasher"}, args...), name))
			want[name] = c.check(t, name)
			if lines := strings.Split(readFile(t, c.log), "\n"); name == "longjson" && !slices.ContainsFunc(lines, isPiece) {
				t.Errorf("the runtime has cut no line:\n%.3000s", readFile(t, c.log))
			}
		}
		eventually(t, "all records", func() bool { return server.count("*") >= 2*len(runs) })
		for _, row := range server.ask(`_time:1h severity_number:=21 | fields "exception.stacktrace", _msg`) {
			got, err := report.Parse([]byte(row["exception.stacktrace"]))
			if err != nil || len(got.Annotations) != 1 || want[got.Annotations[0].Value] == nil {
				t.Errorf("%v: %v", err, row)
				continue
			}
			request := got.Annotations[0].Value
			if w := want[request]; strings.TrimSuffix(got.String(), "\n") != strings.TrimSuffix(w.String(), "\n") || row["_msg"] != w.Summary() {
				t.Errorf("%s: got\n%s\nwant\n%s", request, got, w)
			}
			delete(want, request)
		}
		if n := server.count("*"); len(want) > 0 || n != 2*len(runs) {
			t.Errorf("%d records, want %d; no record of %v", n, 2*len(runs), want)
		}
	}
	t.Run("conmon", func(t *testing.T) {
		needRuntime(t, "conmon", "runc")
		image := containerImage(t)
		isPiece := func(line string) bool { return strings.Contains(line, " stderr P ") }
		all(t, isPiece, func(c *collector, request string, args []string) container {
			return conmon(t, image, fmt.Sprintf("%s/var/log/pods/shop_%s_3c9e4c5a-0d6f-4a5e-9b1a-0f1e2d3c4b5a/ingest/0.log", c.dir, request), args)
		})
	})
	t.Run("docker", func(t *testing.T) {
		needRuntime(t, "dockerd", "docker", "tar")
		image := containerImage(t)
		var run func([]string) container
		isPiece := func(line string) bool { return line != "" && !strings.Contains(line, `\n","stream":`) }
		all(t, isPiece, func(c *collector, _ string, args []string) container {
			if run == nil {
				run = dockerd(t, image, c.dir+"/var/lib/docker")
			}
			return run(args)
		})
	})
}
