package report

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// origin says whose code a frame is. A stack of a cgo program has a few frames of the
// program itself among those of cgo, of Go's runtime, of libc and of Epitaph, and only
// the program's own tell one defect from another.
type origin uint8

const (
	ofProgram  origin = iota
	ofLibrary         // the C library, the C++ runtime, Go's standard library
	ofPlumbing        // between Go and C, and where stacks begin
	ofEpitaph
	ofNobody // a line that is no call, or a frame that nothing is known of
)

// call is a frame that is a call, and whose it is.
type call struct {
	*Frame
	name string // comparable, see normalize; empty where there is no name
	from origin
	// doubtful says that only a scan found the frame, and that nothing bears it out: the
	// stack could not be followed from there to its end.
	doubtful bool
}

// isCall says that a frame is a call: of source, of a module or of code of no module.
func (f *Frame) isCall() bool {
	return f.Kind == SourceFrame || f.Kind == BinaryFrame || f.Kind == CodeFrame
}

// calls returns the frames of a stack that are calls, innermost first.
func (r *Report) calls(frames []Frame) []call {
	list := make([]call, 0, len(frames))
	dynamic := r.hasCLibrary()
	for i := range frames {
		f := &frames[i]
		if f.isCall() {
			name := normalize(f.Func)
			list = append(list, call{f, name, r.originOf(f, name, dynamic), f.How == Scan})
		}
	}
	for i := len(list) - 2; i >= 0; i-- {
		if list[i].How == Scan {
			// musl has no unwind tables, so this is how its callers are found.
			list[i].doubtful = list[i+1].How != AfterScan
			break
		}
	}
	placeCalls(list)
	return list
}

// placeCalls corrects what the names cannot tell, by what stands around a call.
func placeCalls(list []call) {
	for i := range list {
		c := &list[i]
		if c.from != ofProgram {
			continue
		}
		var inner, outer *call
		if i > 0 {
			inner = &list[i-1]
		}
		if i+1 < len(list) {
			outer = &list[i+1]
		}
		switch {
		case inner != nil && inner.name == "crosscall2":
			// The C half of an exported Go function, which has the name of the Go half.
			c.from = ofPlumbing
		case outer == nil || inner == nil:
		case c.name == "on_terminate" || c.name == "" && inner.from == ofLibrary && cxxLibrary.MatchString(path.Base(outer.Module)):
			// What std::terminate calls: Epitaph's (native/report/cxx.c), or the program's.
			if isCxxRuntime(outer.name) || cxxLibrary.MatchString(path.Base(outer.Module)) {
				c.from = ofEpitaph
			}
		case c.name == "" && outer.name == "start_thread":
			c.from = ofEpitaph // epitaph_thread_start, of a program without symbols
		}
	}
}

// hasCLibrary reports whether the program is linked dynamically, so that the module
// says what is libc's. In a static one only names can.
func (r *Report) hasCLibrary() bool {
	return slices.ContainsFunc(r.Modules, func(m Module) bool { return dynamicC.MatchString(path.Base(m.Path)) })
}

func (r *Report) originOf(f *Frame, name string, dynamic bool) origin {
	switch {
	case name == "start" && dynamic && f.Module != "" && !isCLibrary(f.Module):
		return ofProgram // not musl's
	case isPlumbing(name) || f.File == "_cgo_export.c":
		return ofPlumbing
	case name == "":
		if f.Module == "" || isCLibrary(f.Module) {
			return ofLibrary
		}
		return ofProgram
	case isGoName(name):
		return r.originOfGo(name)
	case f.isGoAssembly():
		return originOfAssembly(f.File)
	case isEpitaphC(name), name == "on_terminate" && strings.HasSuffix(f.File, "native/report/cxx.c"):
		return ofEpitaph
	case isCLibrary(f.Module), isCxxRuntime(name), cxxHeader.MatchString(f.File):
		return ofLibrary
	case (!dynamic || f.Module == "") && (isLibcName(name) || libcFile.MatchString(f.File)):
		return ofLibrary
	}
	return ofProgram
}

// originOfGo goes by the package.
func (r *Report) originOfGo(name string) origin {
	slash := strings.LastIndexByte(name, '/') + 1
	base, function, _ := strings.Cut(name[slash:], ".")
	pkg := name[:slash] + base
	if strings.HasPrefix(function, "_Cfunc_") || strings.HasPrefix(function, "_cgoexpwrap_") {
		return ofPlumbing
	}
	if rest, ok := strings.CutPrefix(pkg, epitaphModule); ok {
		first, _, _ := strings.Cut(rest, "/")
		if slices.Contains(epitaphPackages, first) {
			return ofEpitaph
		}
	}
	if r.Build != nil && r.Build.Module != "" && (pkg == r.Build.Module || strings.HasPrefix(pkg, r.Build.Module+"/")) {
		return ofProgram
	}
	first, _, _ := strings.Cut(pkg, "/")
	if goStandard[first] {
		return ofLibrary
	}
	return ofProgram
}

// isGoAssembly reports whether a frame is of Go's assembly. A function that is local to its
// file, cmpbody<>, has no package in its name.
func (f *Frame) isGoAssembly() bool {
	return f.Kind == SourceFrame && f.PC == 0 && !f.Inlined && strings.HasSuffix(f.File, ".s")
}

// originOfAssembly goes by the directory, in GOROOT or, with -trimpath, without it: a program
// may have a src/crypto, too, so that only the packages with such functions count.
func originOfAssembly(file string) origin {
	if i := strings.LastIndex(file, "/src/"); i >= 0 {
		file = file[i+len("/src/"):]
	}
	if goAssembly[path.Dir(file)] {
		return ofLibrary
	}
	return ofProgram
}

var goAssembly = wordSet(`crypto/internal/fips140/aes crypto/internal/fips140/nistec internal/bytealg internal/runtime/gc/scan
	runtime runtime/cgo vendor/golang.org/x/crypto/chacha20poly1305 vendor/golang.org/x/sys/cpu`)

// isGo reports whether a call is of Go, by the name of its function or by its file.
func (c call) isGo() bool { return isGoName(c.name) || c.isGoAssembly() }

const epitaphModule = "github.com/epitaph-go/epitaph/"

// epitaphPackages are those that users link. What is built from the others, crashdemo
// and the victims of tests, is a program as any.
var epitaphPackages = []string{"handler", "cgo", "internal", "native", "stackfmt", "report", "blackbox", "crashtest", "crumb"}

// isEpitaphC reports whether a C function is of Epitaph's core.
func isEpitaphC(name string) bool {
	switch name {
	case "start_with_stack", "start_of_go", "epitaph_thread_start":
		return true
	}
	return strings.HasPrefix(name, "epi_")
}

var goStandard = wordSet(`archive arena bufio builtin bytes cmp compress container context crypto database debug
	embed encoding errors expvar flag fmt go hash html image index internal io iter log maps math mime net os path plugin
	reflect regexp runtime slices sort strconv strings structs sync syscall testing text time unicode unique unsafe vendor
	weak simd`)

func wordSet(words string) map[string]bool {
	set := make(map[string]bool)
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

// isPlumbing names the functions that are in every stack of their kind: where threads,
// programs and goroutines start, and where Go and C call each other.
func isPlumbing(name string) bool {
	switch name {
	case "_start", "_start_c", "__libc_start_main", "__libc_start_call_main", "__libc_start_main_impl",
		"libc_start_main_stage2", "start_thread", "start", "clone", "clone3", "__clone", "__clone3",
		"thread_start", "runtime.goexit", "runtime.main", "runtime.rt0_go", "runtime.mstart",
		"runtime.mstart0", "runtime.mstart1", "runtime.mcall", "runtime.systemstack",
		"runtime.systemstack_switch", "runtime.cgocall", "runtime.asmcgocall", "runtime.asmcgocall_landingpad",
		"runtime.cgocallback", "runtime.cgocallbackg", "runtime.cgocallbackg1", "crosscall2",
		"crosscall1", "threadentry", "x_cgo_thread_start":
		return true
	}
	return strings.HasPrefix(name, "_cgo_") || strings.HasPrefix(name, "_cgoexp_")
}

// cStub returns the C function that a frame of cgo's, in C or in Go, calls.
func cStub(name string) (function string, ok bool) {
	if function, ok = strings.CutPrefix(name, "_cgo_Cfunc_"); ok {
		return function, true
	}
	_, function, ok = strings.Cut(name, "._Cfunc_")
	return function, ok && isGoName(name)
}

// libraryFile is the name of a file of a C library, a C++ runtime or a sanitizer.
var libraryFile = regexp.MustCompile(`^(ld-linux|ld-musl|ld64|ld-\d|lib(c|m|pthread|dl|rt|util|resolv|nsl|anl|mvec|gcc_s|stdc\+\+|c\+\+|c\+\+abi|unwind|` +
	`asan|tsan|ubsan|lsan|msan|hwasan|c\.musl-[a-z0-9_]+)[-.]|linux-vdso|linux-gate|\[vdso\])`)

func isCLibrary(module string) bool {
	return module != "" && libraryFile.MatchString(path.Base(module))
}

var (
	cxxLibrary = regexp.MustCompile(`^lib(stdc\+\+|c\+\+)`)
	dynamicC   = regexp.MustCompile(`^(libc[-.]|ld-|ld64)`)
	// libcFile is a file of glibc's, with debug information, whose functions are not among its
	// names: threads wait in those. A program may have directories of these names, too.
	libcFile = regexp.MustCompile(`^(\.\.?/)*(nptl/(pthread_|sem_|futex-internal\.|lowlevellock\.|cancellation\.|allocatestack\.|` +
		`nptl|libc-|libc_|thrd_|mtx_|cnd_|tss_|cleanup|unwind\.)|` +
		`sysdeps/(unix|posix|nptl|pthread|generic|gnu|x86|x86_64|aarch64|ieee754|wordsize-64)/)`)
	// cxxHeader is a file of the C++ library. What is inlined from it has no namespace.
	cxxHeader = regexp.MustCompile(`/include/(c\+\+|[^/]+/c\+\+)/`)
)

// isCxxRuntime names what is compiled into programs from the headers of C++ and from
// Rust's library, and how much of it, depends on the optimisation.
func isCxxRuntime(name string) bool {
	switch name {
	case "operator new", "operator delete", "execute_native_thread_routine", "rust_begin_unwind", "rust_panic":
		return true
	}
	for _, space := range []string{"std::", "__gnu_cxx::", "__cxxabiv1::", "core::", "alloc::", "__cxa_", "_Unwind_", "__gxx_personality",
		"__rustc::", "__rust_"} {
		if strings.HasPrefix(name, space) {
			return true
		}
	}
	return false
}
