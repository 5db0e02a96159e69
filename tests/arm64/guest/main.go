//go:build linux

// Command guest is the first process of the virtual machine of tests/arm64: it makes the
// file systems that a program expects, runs the jobs one after the other, writes down how each
// ended, and turns the machine off. It has no cgo, so that it needs nothing but a kernel.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/tests/arm64/job"
)

func main() {
	switch filepath.Base(os.Args[0]) {
	case "unshare":
		os.Exit(unshare(os.Args[1:]))
	case inNamespace:
		fmt.Fprintln(os.Stderr, "unshare:", enter(os.Args[1:]))
		os.Exit(1)
	}
	if os.Getpid() != 1 {
		if err := runJobs(); err != nil {
			fmt.Fprintln(os.Stderr, "guest:", err)
			os.Exit(1)
		}
		return
	}
	defer turnOff()
	if err := setUp(); err != nil {
		fmt.Fprintln(os.Stderr, "guest:", err)
		return
	}
	if err := reapUntilTheEnd(); err != nil {
		fmt.Fprintln(os.Stderr, "guest:", err)
	}
}

func turnOff() {
	unix.Sync()
	unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

// setUp makes the file systems, loads the modules, and turns the loopback device on.
func setUp() error {
	for _, m := range []struct{ kind, at string }{
		{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"devpts", "/dev/pts"}, {"tmpfs", "/dev/shm"}, {"tmpfs", "/tmp"},
	} {
		if err := os.MkdirAll(m.at, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m.kind, m.at, m.kind, 0, ""); err != nil {
			return fmt.Errorf("mounting %s: %w", m.at, err)
		}
	}
	for _, link := range [][2]string{{"/proc/self/fd", "/dev/fd"}, {"/dev/pts/ptmx", "/dev/ptmx"}} {
		os.Remove(link[1])
		if err := os.Symlink(link[0], link[1]); err != nil {
			return err
		}
	}
	if err := os.Chmod("/tmp", 0o1777); err != nil {
		return err
	}
	modules, err := filepath.Glob("/modules/*.ko") // in the order of their names
	if err != nil {
		return err
	}
	for _, path := range modules {
		if err := load(path); err != nil {
			return fmt.Errorf("loading %s: %w", path, err)
		}
	}
	return loopback()
}

func load(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return unix.FinitModule(int(file.Fd()), "", 0)
}

func loopback() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request)
}

// reapUntilTheEnd has another process run the jobs, and waits for what they leave behind, as
// a first process has to: os/exec waits for its own children only.
func reapUntilTheEnd() error {
	jobs := exec.Command("/proc/self/exe")
	jobs.Stdout, jobs.Stderr = os.Stdout, os.Stderr
	if err := jobs.Start(); err != nil {
		return err
	}
	for {
		pid, err := unix.Wait4(-1, nil, 0, nil)
		if pid == jobs.Process.Pid || err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func runJobs() error {
	file, err := os.Open(job.File)
	if err != nil {
		return err
	}
	defer file.Close()
	jobs, err := job.ReadAll[job.Job](file)
	if err != nil {
		return err
	}
	disk, err := os.OpenFile(job.Disk, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer disk.Close()
	for _, j := range jobs {
		fmt.Println("guest:", j.Name)
		if len(j.Warm) > 0 {
			before := j
			before.Args = j.Warm
			run(before)
		}
		if err := json.NewEncoder(disk).Encode(run(j)); err != nil {
			return err
		}
		// Who has run out of patience with the next job has this one's result.
		if err := disk.Sync(); err != nil {
			return err
		}
	}
	return nil
}

func run(j job.Job) job.Result {
	ctx, cancel := context.WithTimeout(context.Background(), j.Limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, j.Args[0], j.Args[1:]...)
	cmd.Dir, cmd.Env = j.Dir, append(os.Environ(), j.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 2 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	result, began := job.Result{Name: j.Name}, time.Now()
	if err := cmd.Run(); cmd.ProcessState == nil {
		result.Error = err.Error()
		return result
	}
	result.Elapsed, result.Hung = time.Since(began), ctx.Err() != nil
	result.Stdout, result.Stderr = stdout.String(), stderr.String()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
		result.Signal = int(status.Signal())
	} else {
		result.Status = status.ExitStatus()
	}
	return result
}
