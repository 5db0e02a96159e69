package symindex

import (
	"bytes"
	"regexp"

	"github.com/ianlancetaylor/demangle"
)

func isMangled(s []byte) bool {
	return len(s) > 2 && s[0] == '_' && (s[1] == 'Z' || s[1] == 'R')
}

// Names longer than this are not demangled: a short hostile one can stand for a
// text without end, which the demangler bounds by itself.
const (
	longestMangled  = 1 << 14
	longestReadable = 16 // the power of 2
)

// readable is a mangled name as people write it: without parameters, and without
// long template arguments. In full, the names of a large C++ program would take
// more than everything else of its block.
func readable(raw []byte) []byte {
	if len(raw) > longestMangled {
		return raw
	}
	return elide([]byte(demangle.Filter(string(raw), demangle.NoClones, demangle.NoParams, demangle.MaxLength(longestReadable))))
}

// cloneSuffix is what a compiler puts behind the name of a copy or a piece of a
// function, and what the linker puts behind a versioned name. In the source there
// is one function.
var cloneSuffix = regexp.MustCompile(`(\.(cold|isra|constprop|part|llvm|lto_priv|ipa|localalias|extracted)(\.[0-9]+)*)+$`)

func cutClone(name []byte) []byte {
	if at := bytes.IndexByte(name, '@'); at > 0 && !bytes.Contains(name, []byte("operator")) {
		name = name[:at]
	}
	if bytes.IndexByte(name, '.') > 0 {
		if at := cloneSuffix.FindIndex(name); at != nil && at[0] > 0 {
			name = name[:at[0]]
		}
	}
	return name
}

const (
	longName     = 80 // bytes; a shorter name stays as it is
	longArgument = 24
)

// elide replaces long template arguments by <...>.
func elide(name []byte) []byte {
	if len(name) <= longName {
		return name
	}
	out := make([]byte, 0, len(name))
	depth, start := 0, 0
	for i, c := range name {
		switch {
		case c == '<' && (depth > 0 || opensArguments(name, i)):
			if depth == 0 {
				start = i
			}
			depth++
		case c == '>' && depth > 0 && name[i-1] != '-':
			if depth--; depth > 0 {
				break
			}
			if i-start > longArgument {
				out = append(out, "<...>"...)
			} else {
				out = append(out, name[start:i+1]...)
			}
			continue
		}
		if depth == 0 {
			out = append(out, c)
		}
	}
	if depth != 0 {
		return name
	}
	return out
}

// opensArguments tells whether the < at i begins template arguments. It is part
// of an operator's name otherwise, or begins a Rust path, <T as Trait>::f.
func opensArguments(name []byte, i int) bool {
	before := name[:i]
	if bytes.HasSuffix(before, []byte("operator")) || bytes.HasSuffix(before, []byte("operator<")) {
		return false
	}
	if i == 0 {
		return false
	}
	c := name[i-1]
	return c == '_' || c == '}' || c == ']' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' ||
		c == '=' || c == '>' || c == ')' || c == '+' || c == '*' || c == '<'
}
