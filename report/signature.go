package report

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// signatureDepth is how many functions make a signature. The innermost ones tell what
// failed; who called them from far outside differs from one request to the next, and
// would split one defect into many groups.
const signatureDepth = 5

// The version that a signature begins with grows when the rules change, and with them
// the values; weakMark comes before it.
const (
	signatureVersion = "1:"
	weakMark         = "~"
)

// Signature returns a name for a defect, "1:7c0e0d5f8a41c2b3": equal for crashes that
// are likely the same one, in every run, at every load address, on every machine and in
// every build in which the functions have kept their names. The digits are the start of
// the SHA-256 of the lines that SignatureParts returns, each with its \n.
//
// A signature that begins with ~ is weak: functions without a name, of a program that
// was stripped, count with their place in that very build. Resolve first, where the
// program's symbols are at hand.
//
// A report without the stack of the current thread has the signature of its headline or
// signal.
func (r *Report) Signature() string {
	parts, weak := r.signature()
	sum := sha256.New()
	for _, part := range parts {
		sum.Write([]byte(part + "\n"))
	}
	name := signatureVersion + hex.EncodeToString(sum.Sum(nil)[:8])
	if weak {
		return weakMark + name
	}
	return name
}

// SignatureParts returns what the signature is made of. The first part is the name of
// the signal; without one it is the headline up to a colon, or the kind of the report.
// The others are the innermost 5 functions of the program in the stack of the current
// thread, made comparable:
//
//   - Names lose what changes from build to build: template and type arguments,
//     parameters, the numbers of closures, lambdas and compiler clones, symbol
//     versions, the hashes in the names of cgo and Rust.
//   - Frames that are not the program's own are left out (see InApp): which version of
//     memcpy a CPU has, how libc gets from free to abort and what cgo puts between Go
//     and C says nothing about the defect. If nothing else is left they count.
//   - So are the frames of signals, those in no module, and those that only a scan found.
//   - The C function that Go called counts even if it called the next one by a jump.
//   - A frame without a function counts as the build-id of its module and the offset in it,
//     one in code of no module as "<code of no module>".
//   - Where no function is left and Go has written its own report, those of the
//     goroutine in it are taken: Go cannot be walked from where it finds a stack
//     overflow.
//   - Of a function that occurs more than once only the outermost occurrence
//     counts, so the depth of a recursion, and where in it the stack ran out,
//     makes no difference.
//
// A report on a hang, and a dump whose current thread has nothing of the program, counts
// by what WaitsFor returns: "sync.Mutex.Lock in main.transfer", sorted.
func (r *Report) SignatureParts() []string {
	parts, _ := r.signature()
	return parts
}

func (r *Report) signature() (parts []string, weak bool) {
	first := r.Kind.String()
	if r.Signal != nil && r.GoText == nil { // or it is that of a fault that became a panic
		first = r.Signal.Name
	} else if r.Kind == Crash {
		first, _, _ = strings.Cut(r.Headline, ":")
	}
	parts = []string{first}
	calls := r.currentCalls()
	if r.Kind == Timeout || r.Kind == Dump && !anyProgram(calls) {
		var waits []string
		for _, w := range r.waits() {
			name, unnamed := r.partOf(w.calls[slices.IndexFunc(w.calls, isSignificant)])
			weak = weak || unnamed
			waits = append(waits, w.For+" in "+name)
		}
		if len(waits) > 0 {
			slices.Sort(waits)
			waits = slices.Compact(waits)
			return append(parts, waits[:min(len(waits), signatureDepth)]...), weak
		}
	}
	if t := r.Current(); t != nil && len(t.Frames) > 0 && t.Frames[0].Kind == NotExecutableFrame {
		parts = append(parts, "<not executable>")
	}
	functions, weak := r.significant(calls)
	return append(parts, functions...), weak
}

func isSignificant(c call) bool { return c.from == ofProgram && !c.doubtful }

// significant returns the comparable names of the functions that say something.
func (r *Report) significant(calls []call) (list []string, weak bool) {
	chosen := isSignificant
	if !anyProgram(calls) {
		chosen = func(c call) bool { return c.from == ofLibrary && !c.doubtful && !isFailure(publicName(c.name)) }
	}
	unnamed := map[string]bool{}
	for i, c := range calls {
		if function, ok := cStub(c.name); ok && (len(list) > 0 || i > 0) {
			// A call that was compiled to a jump has left no frame of its own.
			if function = normalize(function); !isLibcName(function) && (len(list) == 0 || list[len(list)-1] != function) {
				list = append(list, function)
			}
			continue
		}
		if !chosen(c) {
			continue
		}
		name, no := r.partOf(c)
		unnamed[name] = no
		list = append(list, name)
	}
	// Outermost first, so that its occurrence is the one that stays.
	slices.Reverse(list)
	seen := make(map[string]bool, len(list))
	list = slices.DeleteFunc(list, func(name string) bool {
		again := seen[name]
		seen[name] = true
		return again
	})
	slices.Reverse(list)
	list = list[:min(len(list), signatureDepth)]
	return list, slices.ContainsFunc(list, func(name string) bool { return unnamed[name] })
}

// partOf returns the name by which a call counts, and whether it is one that only this
// build has.
func (r *Report) partOf(c call) (name string, unnamed bool) {
	switch {
	case c.name != "" && c.from == ofLibrary:
		return publicName(c.name), false
	case c.name != "":
		return c.name, false
	case c.Kind == CodeFrame:
		return "<code of no module>", false
	}
	id := "unknown"
	if m := r.Module(c.PC); m != nil && m.BuildID != "" {
		id = m.BuildID
	}
	return id + "+0x" + strconv.FormatUint(uint64(c.Offset), 16), true
}
