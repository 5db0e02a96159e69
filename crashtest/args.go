package crashtest

import (
	"flag"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// overridden are the flags of go test that would have a child do something else than come
// to its Run: run other tests or more than once, print what is not the function's, end
// early, overwrite the parent's files. testlogfile is go's list of what the result depends on.
var overridden = []string{
	"-test.count=1", "-test.timeout=0", "-test.v=false", "-test.paniconexit0=false", "-test.failfast=false",
	"-test.skip=", "-test.list=", "-test.shuffle=off", "-test.fuzz=", "-test.bench=", "-test.benchmem=false", "-test.artifacts=false",
	"-test.testlogfile=", "-test.coverprofile=", "-test.cpuprofile=", "-test.memprofile=",
	"-test.blockprofile=", "-test.mutexprofile=", "-test.trace=",
}

// childArgs are the arguments of this process, with those of the child behind its flags.
func childArgs(test string) []string {
	flags := os.Args[1:]
	rest := flag.Args()
	flags = flags[:len(flags)-len(rest)]
	separated := len(flags) > 0 && flags[len(flags)-1] == "--"
	if separated {
		flags = flags[:len(flags)-1]
	}
	args := append([]string(nil), flags...)
	for _, o := range overridden {
		if name, _, _ := strings.Cut(o[1:], "="); flag.Lookup(name) != nil {
			args = append(args, o)
		}
	}
	args = append(args, "-test.run="+runPattern(test), "-test.cpu="+strconv.Itoa(runtime.GOMAXPROCS(0)))
	if dir := coverDir(); dir != "" {
		args = append(args, "-test.gocoverdir="+dir)
	}
	if separated || len(rest) > 0 {
		args = append(append(args, "--"), rest...)
	}
	return args
}

// runPattern is the pattern of -run that fits a name alone. Between the slashes of both are
// the names of the subtests.
func runPattern(test string) string {
	parts := strings.Split(test, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

// childEnv is the environment of a child: without Epitaph's own variable, which would have
// the child do what the parent was asked to, and with sanitizers that leave signals to Epitaph
// and end by one.
func childEnv(env []string) []string {
	const sanitizer = "abort_on_error=1:handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigill=0:handle_sigfpe=0:handle_sigtrap=0"
	out := make([]string, 0, len(env)+4)
	// MemorySanitizer would put handlers of its own before Go's, which Epitaph would not know.
	set := map[string]string{"ASAN_OPTIONS": sanitizer, "MSAN_OPTIONS": sanitizer + ":wrap_signals=0", "UBSAN_OPTIONS": sanitizer}
	for _, v := range env {
		name, value, _ := strings.Cut(v, "=")
		switch ours := set[name]; {
		case name == "EPITAPH":
			continue
		case ours != "":
			set[name] = ours + ":" + value // what comes later counts
		default:
			out = append(out, v)
		}
	}
	for name, value := range set {
		out = append(out, name+"="+value)
	}
	if dir := coverDir(); dir != "" {
		out = append(out, "GOCOVERDIR="+dir)
	}
	return out
}
