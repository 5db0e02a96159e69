package report

import (
	"regexp"
	"strings"
)

// maxName is the longest function name that is compared in full. It also keeps
// hostile names from costing more than their length.
const maxName = 1000

// What compilers put into names to tell parts, copies and closures apart. The
// numbers change with the code around them, so they say nothing about what
// failed. Expressions of package regexp take linear time.
var (
	goCounter   = regexp.MustCompile(`([.-](?:func|gowrap|deferwrap|range|init))\d+|\.\d+\b`)
	cCounter    = regexp.MustCompile(`#\d+\}|(\$_|lambda_?)\d+`)
	cClone      = regexp.MustCompile(`\.(?:isra|constprop|part|cold|llvm|lto_priv|localalias|resolver)\b.*$`)
	cgoHash     = regexp.MustCompile(`(_cgo_|_cgoexp_)[0-9a-f]{12}_`)
	rustHash    = regexp.MustCompile(`::h[0-9a-f]{16}$`)
	cQualifiers = regexp.MustCompile(`( const| volatile| noexcept| &&?)+$`)
)

// The brackets of these are part of the name. They are hidden behind control
// characters, which no name of a report has, while brackets are removed.
var (
	hideBrackets = strings.NewReplacer("operator()", "\x01", "operator[]", "\x02", "(anonymous namespace)", "\x03",
		"operator<=>", "\x04", "operator<<=", "\x05", "operator>>=", "\x06", "operator->*", "\x07", "operator<<", "\x08",
		"operator>>", "\x0b", "operator<=", "\x0c", "operator>=", "\x0e", "operator->", "\x0f", "operator<", "\x10",
		"operator>", "\x11")
	showBrackets = strings.NewReplacer("\x01", "operator()", "\x02", "operator[]", "\x03", "(anonymous namespace)",
		"\x04", "operator<=>", "\x05", "operator<<=", "\x06", "operator>>=", "\x07", "operator->*", "\x08", "operator<<",
		"\x0b", "operator>>", "\x0c", "operator<=", "\x0e", "operator>=", "\x0f", "operator->", "\x10", "operator<",
		"\x11", "operator>")
)

// normalize takes out of a function's name what differs between builds of one
// source. It works on the text alone: it has to give equal names equal forms,
// not to know C++.
func normalize(name string) string {
	if len(name) > maxName {
		name = name[:maxName]
	}
	name, _, _ = strings.Cut(name, "@") // foo@plt, foo@@GLIBC_2.34
	name = cgoHash.ReplaceAllString(name, "$1")
	name = cClone.ReplaceAllString(rustHash.ReplaceAllString(name, ""), "")
	name = hideBrackets.Replace(name)
	name = withoutBrackets(name, '[', ']') // main.F[...], f[abi:cxx11], f [clone .cold]
	if isGoName(name) {
		name = strings.TrimSuffix(strings.TrimSuffix(name, ".abi0"), "-fm")
		return goCounter.ReplaceAllString(name, "$1")
	}
	name = cCounter.ReplaceAllStringFunc(name, func(s string) string {
		if s[0] == '#' {
			return "}"
		}
		return strings.TrimRight(s, "0123456789")
	})
	name = withoutBrackets(withoutBrackets(rustPath(name), '<', '>'), '(', ')')
	return showBrackets.Replace(cQualifiers.ReplaceAllString(strings.TrimSpace(name), ""))
}

// rustPath returns the path of a Rust function: "<TYPE as TRAIT>::f" is TYPE::f, or, where the
// type has no path (usize, a type parameter), TRAIT::f; and "f::<T>" is f<T>.
func rustPath(name string) string {
	name = turbofish.Replace(name)
	if !strings.HasPrefix(name, "<") {
		return name
	}
	as, depth := 0, 0
	for i := range len(name) {
		switch {
		case name[i] == '<':
			depth++
		case name[i] == '>' && name[i-1] != '-': // not of "fn() -> T"
			depth--
		case depth == 1 && as == 0 && strings.HasPrefix(name[i:], " as "):
			as = i
		}
		if depth > 0 {
			continue
		}
		path := name[1:i]
		if as > 0 && strings.Contains(name[:as], "::") {
			path = name[1:as]
		} else if as > 0 {
			path = name[as+len(" as ") : i]
		}
		return path + name[i+1:]
	}
	return name
}

// turbofish leaves gcc's lambdas, which have the same form, as they are.
var turbofish = strings.NewReplacer("::<lambda", "::<lambda", "::<", "<")

// isGoName reports whether a name has Go's form, package.Function. C and C++
// functions have no dot once the names of clones are gone, save in parameters.
func isGoName(name string) bool {
	pkg, _, found := strings.Cut(name[strings.LastIndexByte(name, '/')+1:], ".")
	return found && pkg != "" && !strings.ContainsAny(pkg, "(<: ")
}

// withoutBrackets removes what stands between brackets, and the brackets.
func withoutBrackets(name string, open, shut byte) string {
	if strings.IndexByte(name, open) < 0 {
		return name
	}
	b := make([]byte, 0, len(name))
	depth := 0
	for i := 0; i < len(name); i++ {
		switch {
		case name[i] == open:
			depth++
		case name[i] == shut && depth > 0:
			if shut != '>' || name[i-1] != '-' { // of Rust's "fn() -> T"
				depth--
			}
		case depth == 0:
			b = append(b, name[i])
		}
	}
	return string(b)
}
