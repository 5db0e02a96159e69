package csource

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
)

var flagsPattern = regexp.MustCompile(`(?m)^// #cgo (\w+ )?CFLAGS: (.*)$`)

// Flags reads the flags that cgo compiles the C files of dir with, conditional
// ones left out, but for the machine's.
func Flags(dir string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var flags []string
	for _, path := range paths {
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		for _, m := range flagsPattern.FindAllStringSubmatch(string(source), -1) {
			if m[1] == "" || m[1] == Machine+" " {
				flags = append(flags, strings.Fields(m[2])...)
			}
		}
	}
	return flags, nil
}

// A Symbol is one of an object file.
type Symbol struct {
	Name string
	Kind byte // as nm prints it: U is undefined
}

// Undefined tells whether the object needs the symbol from elsewhere.
func (s Symbol) Undefined() bool { return s.Kind == 'U' || s.Kind == 'w' || s.Kind == 'v' }

// Data tells whether the symbol is an object of data that others can name.
func (s Symbol) Data() bool { return strings.IndexByte("DBRCVG", s.Kind) >= 0 }

// Symbols compiles each C file with the flags of its folder, with $CC or gcc, and
// gives what its object defines and needs, by path.
func Symbols(paths []string) (map[string][]Symbol, error) {
	dir, err := os.MkdirTemp("", "csource")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)

	var (
		mu     sync.Mutex
		failed error
		result = map[string][]Symbol{}
		wait   sync.WaitGroup
		turns  = make(chan struct{}, runtime.GOMAXPROCS(0))
	)
	for i, path := range paths {
		wait.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			list, err := compile(path, filepath.Join(dir, fmt.Sprintf("%d.o", i)))
			mu.Lock()
			defer mu.Unlock()
			if err != nil && failed == nil {
				failed = err
			}
			result[path] = list
		})
	}
	wait.Wait()
	return result, failed
}

func compile(path, object string) ([]Symbol, error) {
	flags, err := Flags(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "gcc"
	}
	var stderr bytes.Buffer
	cmd := exec.Command(cc, append(flags, "-fPIC", "-c", path, "-o", object)...)
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", cmd, err, stderr.String())
	}
	out, err := exec.Command("nm", object).Output()
	if err != nil {
		return nil, fmt.Errorf("nm %s: %w", object, err)
	}
	var result []Symbol
	for line := range strings.SplitSeq(string(out), "\n") {
		if fields := strings.Fields(line); len(fields) >= 2 {
			result = append(result, Symbol{fields[len(fields)-1], fields[len(fields)-2][0]})
		}
	}
	return result, nil
}
