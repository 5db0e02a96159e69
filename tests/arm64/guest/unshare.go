//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// unshare does what tests need of util-linux's command of this name, which the guest does not
// have: --pid --fork --mount-proc --kill-child, as one, and -m. It returns the status to exit with.
func unshare(args []string) int {
	flags, program := uintptr(unix.CLONE_NEWNS), args
	for len(program) > 0 && program[0][0] == '-' {
		if program[0] == "--pid" {
			flags |= unix.CLONE_NEWPID
		}
		program = program[1:]
	}
	cmd := exec.Command("/proc/self/exe", program...)
	cmd.Args[0] = inNamespace
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags, Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		status := exit.Sys().(syscall.WaitStatus)
		if !status.Signaled() {
			return status.ExitStatus()
		}
		err = unix.Kill(os.Getpid(), status.Signal())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "unshare:", err)
		return 1
	}
	return 0
}

// inNamespace is the name under which this program becomes the first of the new namespaces.
const inNamespace = "unshare: inside"

// enter mounts what the namespace needs, and becomes the program.
func enter(program []string) error {
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if os.Getpid() == 1 {
		if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
			return err
		}
	}
	path, err := exec.LookPath(program[0])
	if err != nil {
		return err
	}
	return unix.Exec(path, program, os.Environ())
}
