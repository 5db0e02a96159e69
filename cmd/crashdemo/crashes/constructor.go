//go:build linux && cgo

package crashes

// #include <stdlib.h>
// #include "crash.h"
import "C"

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"
)

//go:embed constructor/constructor.c
var constructorSource []byte

// buildConstructor compiles the library whose constructor crashes and tells C where it is.
//
// A library shipped beside the program would have to be built and found; compiled here, a plain go build is enough, at
// the price of a C compiler on the machine that runs this kind. The process dies before it could clean up, so the
// library is copied to a memory file and loaded through /proc/self/fd, and nothing stays on the disk.
func buildConstructor() error {
	if C.crash_can_dlopen() == 0 {
		return fmt.Errorf("crashes: this static program cannot load libraries: %w", ErrUnavailable)
	}
	library, err := compile(constructorSource)
	if err != nil {
		return fmt.Errorf("crashes: building the library that crashes in its constructor: %w", err)
	}
	path, err := memoryFile(library)
	if err != nil {
		return fmt.Errorf("crashes: keeping the library that crashes in its constructor: %w", err)
	}
	C.crash_set_constructor(C.CString(path)) // kept until the end of the process
	return nil
}

// compile makes a shared library of C source text with the first compiler that is there, and returns its bytes.
func compile(source []byte) ([]byte, error) {
	compiler, err := findCompiler()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "crashdemo")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	in, out := filepath.Join(dir, "constructor.c"), filepath.Join(dir, "constructor.so")
	if err := os.WriteFile(in, source, 0o600); err != nil {
		return nil, err
	}
	// Without a C library of its own, so that a static program can load it.
	cmd := exec.Command(compiler, "-shared", "-fPIC", "-nostdlib", "-O2", "-g", "-o", out, in)
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", compiler, err, strings.TrimSpace(string(text)))
	}
	return os.ReadFile(out)
}

func findCompiler() (string, error) {
	for _, name := range []string{os.Getenv("CC"), "cc", "gcc", "clang"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no C compiler ($CC, cc, gcc or clang): %w", ErrUnavailable)
}

// memoryFile writes data to a file without a name and returns a path by which this process can open it.
func memoryFile(data []byte) (string, error) {
	name := C.CString("crashdemo-constructor.so")
	defer C.free(unsafe.Pointer(name))
	fd := C.crash_memory_file(name)
	if fd < 0 {
		return "", fmt.Errorf("memfd_create: %w", ErrUnavailable)
	}
	for len(data) > 0 {
		n, err := syscall.Write(int(fd), data)
		if err != nil && err != syscall.EINTR {
			return "", os.NewSyscallError("write", err)
		}
		data = data[max(n, 0):]
	}
	return fmt.Sprintf("/proc/self/fd/%d", fd), nil
}
