package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"path"
	"slices"
	"strings"
)

// signatureDepth is how many functions make a signature. The innermost ones
// tell what failed; who called them from far outside differs from one request
// to the next, and would split one defect into many groups.
const signatureDepth = 8

// Signature returns 16 hexadecimal digits that are equal for crashes that are
// likely the same defect: equal in every run, at every load address, and in
// every build in which the functions have kept their names. They are the start
// of the SHA-256 of the lines that SignatureParts returns, each with its \n.
//
// A report without the stack of the current thread has the signature of its
// headline and signal.
func (r *Report) Signature() string {
	sum := sha256.New()
	for _, part := range r.SignatureParts() {
		sum.Write([]byte(part + "\n"))
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// SignatureParts returns what the signature is made of. The first part is the
// name of the signal; without one, and of a death of Go's own, it is the headline up to a colon, or the
// kind of the report. The others are the innermost 8 functions of the current
// thread, made comparable:
//
//   - Names lose what changes from build to build: template and type arguments,
//     parameters, the numbers of closures, lambdas and compiler clones, symbol
//     versions, the hashes in the names of cgo and Rust.
//   - A frame without a function counts as the file name of its module.
//   - The functions on the way from a failed check to the signal are left out:
//     raise, abort, __assert_fail, std::terminate, runtime.gopanic and so on; so
//     are the frames of signals, those in no module, those that only a scan
//     found, and those that every stack has at its outer end or between Go and C.
//   - Where no function is left and Go has written its own report, those of the
//     goroutine in it are taken: Go cannot be walked from where it finds a stack
//     overflow.
//   - Of a function that occurs more than once only the outermost occurrence
//     counts, so the depth of a recursion, and where in it the stack ran out,
//     makes no difference.
func (r *Report) SignatureParts() []string {
	first := r.Kind.String()
	if r.Signal != nil && r.GoText == nil { // or it is that of a fault that became a panic
		first = r.Signal.Name
	} else if r.Kind == Crash {
		first, _, _ = strings.Cut(r.Headline, ":")
	}
	parts := []string{first}
	t := r.Current()
	if t == nil {
		return parts
	}
	functions := significant(t.Frames)
	if len(functions) == 0 {
		functions = significant(r.GoText.frames())
	}
	// Outermost first, so that its occurrence is the one that stays.
	slices.Reverse(functions)
	seen := make(map[string]bool, len(functions))
	functions = slices.DeleteFunc(functions, func(name string) bool {
		again := seen[name]
		seen[name] = true
		return again
	})
	slices.Reverse(functions)
	return append(parts, functions[:min(len(functions), signatureDepth)]...)
}

// significant returns the comparable names of the frames that say something.
func significant(frames []Frame) []string {
	var list []string
	aborting := true
	for _, f := range frames {
		if f.How == Scan {
			continue
		}
		name := ""
		switch f.Kind {
		case NotExecutableFrame:
			name = "<not executable>"
		case CodeFrame:
			name = cmp.Or(normalize(f.Func), "<code of no module>")
		case SourceFrame, BinaryFrame:
			name = normalize(f.Func)
			if name == "" && f.Module != "" {
				name = path.Base(f.Module)
			}
		}
		if name == "" || isGlue(name) || aborting && isAbort(name) {
			continue
		}
		aborting = false
		list = append(list, name)
	}
	return list
}

// isAbort names the functions between a failed check and the signal, in glibc,
// musl, libstdc++, libc++, the sanitizers' and the compiler's runtime, and Go.
func isAbort(name string) bool {
	switch name {
	case "raise", "gsignal", "abort", "kill", "tgkill", "tkill", "syscall", "pthread_kill", "sigqueue",
		"__pthread_kill", "__pthread_kill_implementation", "__pthread_kill_internal", "__restore_sigs",
		"__GI_raise", "__GI_abort", "__GI___pthread_kill", "__assert", "__assert_fail",
		"__assert_fail_base", "__assert_perror_fail", "__GI___assert_fail", "__libc_message",
		"__libc_message_impl", "__libc_fatal", "malloc_printerr", "__malloc_assert", "__fortify_fail",
		"__GI___fortify_fail", "__chk_fail", "__stack_chk_fail", "__stack_chk_fail_local",
		"std::terminate", "std::abort", "__cxa_throw", "__cxa_rethrow", "__cxa_pure_virtual",
		"__cxa_call_terminate", "__gnu_cxx::__verbose_terminate_handler", "__cxxabiv1::__terminate",
		"__gxx_personality_v0", "abort_message", "demangling_terminate_handler",
		"runtime.gopanic", "runtime.sigpanic", "runtime.panicmem", "runtime.panicmemAddr",
		"runtime.panicdivide", "runtime.panicIndex", "runtime.goPanicIndex", "runtime.panicSlice",
		"runtime.throw", "runtime.throw.func", "runtime.fatal", "runtime.fatalthrow",
		"runtime.fatalthrow.func", "runtime.fatalpanic", "runtime.dieFromSignal", "runtime.crash",
		"runtime.newstack", "runtime.morestack", "runtime.exit", "sync.throw", "sync.fatal",
		"internal/sync.throw", "internal/sync.fatal", "internal/runtime/maps.fatal",
		"runtime.raise", "runtime.sigfwdgo", "runtime.sigtrampgo", "runtime.sigtramp":
		return true
	}
	return false
}

// isGlue names the functions that are in every stack of their kind: where
// threads, programs and goroutines start, and where Go and C call each other.
func isGlue(name string) bool {
	switch name {
	case "_start", "__libc_start_main", "__libc_start_call_main", "__libc_start_main_impl",
		"libc_start_main_stage2", "start_thread", "start", "clone", "clone3", "__clone", "__clone3",
		"thread_start", "runtime.goexit", "runtime.main", "runtime.rt0_go", "runtime.mstart",
		"runtime.mstart0", "runtime.mstart1", "runtime.mcall", "runtime.systemstack",
		"runtime.systemstack_switch", "runtime.cgocall", "runtime.asmcgocall", "runtime.asmcgocall_landingpad",
		"runtime.cgocallback", "runtime.cgocallbackg", "runtime.cgocallbackg1", "crosscall2",
		"crosscall1", "threadentry":
		return true
	}
	return false
}
