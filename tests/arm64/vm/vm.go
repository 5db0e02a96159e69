//go:build linux

// Package vm boots a kernel for arm64 in qemu, runs programs there, and brings back how they
// ended. The kernel comes from the system's package manager; the file system has the libraries
// of the cross compiler and what the caller adds.
//
// It wants qemu-system-aarch64, a cross compiler for aarch64-linux-gnu, and apt; where one
// is missing the errors wrap [ErrUnavailable].
package vm

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/tests/arm64/job"
)

// sysroot is where Debian's cross compiler has the libraries of its machine.
const sysroot = "/usr/aarch64-linux-gnu/lib"

// tools are the programs without which nothing works.
var tools = []string{"qemu-system-aarch64", "aarch64-linux-gnu-gcc", "aarch64-linux-gnu-g++", "apt-get", "dpkg-deb"}

// A Machine is one that can be booted.
type Machine struct{ kernel kernel }

// New makes sure that there is all that a machine needs.
func New() (*Machine, error) {
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, fmt.Errorf("%w: there is no %s", ErrUnavailable, tool)
		}
	}
	k, err := fetch()
	if err != nil {
		return nil, err
	}
	return &Machine{k}, nil
}

// Env is what a go command needs in its environment to build for the machine, with cgo.
func Env() []string {
	return []string{"GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=1", "CC=aarch64-linux-gnu-gcc", "CXX=aarch64-linux-gnu-g++"}
}

// Run boots the machine with the files of a directory in its file system, of which guest is
// the first process, and runs the jobs there. The results are those that were written until
// the machine turned itself off, or ctx ended; the error then has what the console shows.
func (m *Machine) Run(ctx context.Context, root string, jobs []job.Job) ([]job.Result, error) {
	dir, err := os.MkdirTemp("", "arm64")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	files, disk := filepath.Join(dir, "files"), filepath.Join(dir, "disk")
	if err := m.pack(files, root, jobs); err != nil {
		return nil, err
	}
	if err := os.WriteFile(disk, nil, 0o600); err != nil {
		return nil, err
	}
	const diskSize = 1 << 30 // of which only what is written takes room
	if err := os.Truncate(disk, diskSize); err != nil {
		return nil, err
	}
	console, err := m.boot(ctx, files, disk)
	file, openErr := os.Open(disk)
	if openErr != nil {
		return nil, openErr
	}
	defer file.Close()
	results, readErr := job.ReadAll[job.Result](bufio.NewReader(file))
	switch {
	case err != nil:
	case readErr != nil:
		err = readErr
	case len(results) != len(jobs):
		err = fmt.Errorf("%d results of %d jobs", len(results), len(jobs))
	default:
		return results, nil
	}
	return results, fmt.Errorf("vm: %w; the console:\n%s", err, console)
}

func (m *Machine) boot(ctx context.Context, files, disk string) (console []byte, err error) {
	var out bytes.Buffer
	qemu := exec.CommandContext(ctx, "qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", "max,pauth-impdef=on",
		"-accel", "tcg,thread=single", "-icount", "shift=1,sleep=off",
		"-smp", strconv.Itoa(processors), "-m", "3072", "-nographic", "-nic", "none", "-no-reboot",
		"-kernel", m.kernel.image(), "-initrd", files, "-append", "console=ttyAMA0 quiet panic=-1 rdinit=/init",
		"-drive", "if=none,id=results,format=raw,file="+disk, "-device", "virtio-blk-device,drive=results")
	qemu.Stdout, qemu.Stderr = &out, &out
	qemu.WaitDelay = time.Second
	// A test that is killed takes the machine with it; the signal is of the thread's end.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	qemu.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err = qemu.Run(); ctx.Err() != nil {
		err = ctx.Err()
	}
	return out.Bytes(), err
}

// processors is how many the machine has.
const processors = 2

// pack makes the machine's file system.
func (m *Machine) pack(path, root string, jobs []job.Job) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	buffered := bufio.NewWriterSize(file, 1<<20)
	a := newArchive(buffered)
	// The kernel opens the console for its first process before there is a /dev.
	a.dir("dev")
	a.entry("dev/console", modeDevice, 0, nil)
	for i := range modules {
		a.file("modules/"+filepath.Base(m.kernel.module(i)), m.kernel.module(i))
	}
	a.file("bin/busybox", m.kernel.busybox())
	for _, applet := range strings.Fields("sh cat ls true false sleep kill ps env echo head tail wc gzip base64") {
		a.link("bin/"+applet, "busybox")
	}
	a.link("bin/unshare", "../init")
	a.text("etc/passwd", 0o644, "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n")
	a.text("etc/group", 0o644, "root:x:0:\nnogroup:x:65534:\n")
	a.text("etc/hosts", 0o644, "127.0.0.1 localhost\n")
	a.tree("lib", sysroot, func(entry fs.DirEntry) bool {
		return strings.Contains(entry.Name(), ".so.") && !sanitizer(entry.Name())
	})
	a.tree("", root, func(fs.DirEntry) bool { return true })
	var list bytes.Buffer
	for _, j := range jobs {
		if err := json.NewEncoder(&list).Encode(j); err != nil {
			return err
		}
	}
	a.text(strings.TrimPrefix(job.File, "/"), 0o644, list.String())
	if err := a.close(); err != nil {
		return err
	}
	return buffered.Flush()
}

// sanitizer tells the libraries that are large and that no program here uses.
func sanitizer(name string) bool {
	for _, prefix := range []string{"libasan", "libhwasan", "liblsan", "libtsan", "libubsan"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
