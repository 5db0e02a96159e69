package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/epitaph-go/epitaph/tools/internal/csource"
)

// excuse begins the reason for a call through a pointer, in a comment on its line
// or the line above.
const excuse = csource.Mark + ": "

// Names that look like calls, or are calls, and need no mark.
var allowed = map[string]bool{
	"if": true, "for": true, "while": true, "switch": true, "return": true, "do": true, "else": true,
	"case": true, "goto": true,
	"sizeof": true, "_Alignof": true, "_Alignas": true, "offsetof": true,
	"_Static_assert": true, "_Generic": true, "__attribute__": true, "__asm__": true,
	"volatile": true, // __asm__ volatile (...)
	"va_start": true, "va_arg": true, "va_end": true,
	"INT32_C": true, "INT64_C": true, "UINT32_C": true, "UINT64_C": true,
	// Macros of elf.h that only shift and mask.
	"ELF64_ST_TYPE": true, "ELF64_ST_BIND": true,
	// Macros of stdatomic.h; each is an instruction or two on the platforms of the
	// core, for objects of up to eight bytes.
	"atomic_load": true, "atomic_store": true, "atomic_exchange": true,
	"atomic_fetch_add": true, "atomic_fetch_sub": true, "atomic_fetch_or": true,
	"atomic_fetch_and": true, "atomic_compare_exchange_strong": true,
	"atomic_compare_exchange_weak": true, "atomic_load_explicit": true,
	"atomic_store_explicit": true, "atomic_exchange_explicit": true,
	"atomic_fetch_add_explicit": true, "atomic_fetch_or_explicit": true,
	"atomic_compare_exchange_strong_explicit": true,
	"atomic_compare_exchange_weak_explicit":   true,
	"atomic_thread_fence":                     true, "atomic_signal_fence": true, "atomic_init": true,
	// Of MemorySanitizer, in its builds: it writes to its shadow memory.
	"__msan_unpoison": true,
}

// Names that are not used in a safe function at all.
var refused = map[string]string{
	"errno":         "errno is a call of libc",
	"_Thread_local": "a thread-local variable may be allocated on first use",
	"__thread":      "a thread-local variable may be allocated on first use",
	"alloca":        "the handler's stack is small",
}

// Words of which types consist, besides names that end in _t.
var typeWords = map[string]bool{
	"void": true, "char": true, "short": true, "int": true, "long": true, "float": true,
	"double": true, "signed": true, "unsigned": true, "bool": true, "_Bool": true, "const": true,
	"volatile": true, "struct": true, "union": true, "enum": true, "_Atomic": true,
}

type checker struct {
	files      []*csource.File
	global     map[string]bool            // function to mark
	local      map[string]map[string]bool // the same for static ones, by file
	macros     map[string][]csource.Token
	excused    map[string]map[int]bool // lines with a reason, by file
	safeBodies int
	findings   []finding
}

func newChecker(files []*csource.File) *checker {
	c := &checker{
		files: files, global: map[string]bool{}, local: map[string]map[string]bool{},
		macros: map[string][]csource.Token{}, excused: map[string]map[int]bool{},
	}
	for _, f := range files {
		c.local[f.Path] = map[string]bool{}
		c.excused[f.Path] = excused(f)
		for name, body := range f.Macros {
			c.macros[name] = append(c.macros[name], body...)
		}
		for _, fn := range f.Functions {
			known := c.global
			if fn.Static && !f.IsHeader() {
				known = c.local[f.Path]
			}
			known[fn.Name] = known[fn.Name] || fn.Safe
		}
	}
	return c
}

// excused are the lines with a reason for a call through a pointer.
func excused(f *csource.File) map[int]bool {
	lines := map[int]bool{}
	for _, comment := range f.Comments {
		if strings.Contains(comment.Text, excuse) {
			for l := comment.First; l <= comment.Last+1; l++ {
				lines[l] = true
			}
		}
	}
	return lines
}

func (c *checker) report(f *csource.File, line int, format string, args ...any) {
	c.findings = append(c.findings, finding{f.Path, line, fmt.Sprintf(format, args...)})
}

// check looks at the source.
func (c *checker) check() []finding {
	for _, f := range c.files {
		for _, fn := range f.Functions {
			if !fn.Static && !fn.Safe && c.global[fn.Name] {
				c.report(f, fn.Line, "%s has the mark %s elsewhere, but not here", fn.Name, csource.Mark)
			}
			if fn.Safe && fn.Body != nil {
				c.safeBodies++
				c.body(f, fn.Name, fn.Body, map[string]bool{})
			}
		}
	}
	findings := c.findings
	c.findings = nil
	return findings
}

// safe tells whether a function may be called in f, and whether it is known.
func (c *checker) safe(f *csource.File, name string) (safe, known bool) {
	if safe, known = c.local[f.Path][name]; known {
		return safe, true
	}
	safe, known = c.global[name]
	return safe, known
}

// body checks the calls among the tokens of one function, or of a macro that
// it uses. In the latter every line is that of the macro.
func (c *checker) body(f *csource.File, in string, tokens []csource.Token, expanded map[string]bool) {
	for i, t := range tokens {
		if t.Text == "(" && i > 0 {
			c.indirect(f, in, tokens, i)
		}
		if !t.IsIdent() {
			continue
		}
		member := i > 0 && (tokens[i-1].Text == "." || tokens[i-1].Text == "->")
		if why, bad := refused[t.Text]; bad && !member {
			c.report(f, t.Line, "%s (%s) uses %s: %s", in, csource.Mark, t.Text, why)
			continue
		}
		if body, is := c.macros[t.Text]; is && !member && !expanded[t.Text] {
			expanded[t.Text] = true
			c.body(f, in, relocated(body, t.Line), expanded)
			delete(expanded, t.Text)
			continue
		}
		if i+1 >= len(tokens) || tokens[i+1].Text != "(" {
			continue
		}
		if member {
			if !c.excused[f.Path][t.Line] {
				c.report(f, t.Line, "%s (%s) calls through the pointer %s, without a reason", in, csource.Mark, t.Text)
			}
			continue
		}
		c.call(f, in, t)
	}
}

// relocated gives the tokens of a macro the line where it is used.
func relocated(tokens []csource.Token, line int) []csource.Token {
	result := make([]csource.Token, len(tokens))
	for i, t := range tokens {
		result[i] = csource.Token{Text: t.Text, Line: line}
	}
	return result
}

func (c *checker) call(f *csource.File, in string, t csource.Token) {
	if allowed[t.Text] || typeWords[t.Text] || strings.HasSuffix(t.Text, "_t") ||
		strings.HasPrefix(t.Text, "__builtin_") ||
		strings.HasPrefix(t.Text, "__atomic_") || strings.HasPrefix(t.Text, "__sync_") {
		return
	}
	if _, is := c.macros[t.Text]; is {
		return
	}
	safe, known := c.safe(f, t.Text)
	switch {
	case safe:
	case known:
		c.report(f, t.Line, "%s (%s) calls %s, which has no such mark", in, csource.Mark, t.Text)
	case c.excused[f.Path][t.Line]:
	default:
		c.report(f, t.Line, "%s (%s) calls %s, which is not of the core", in, csource.Mark, t.Text)
	}
}

// indirect looks at the parenthesis at i: behind another group or a subscript
// it is a call through a pointer, unless that group is a cast.
func (c *checker) indirect(f *csource.File, in string, tokens []csource.Token, i int) {
	switch tokens[i-1].Text {
	case "]":
	case ")":
		open := opening(tokens, i-1)
		if open < 0 || isType(tokens[open+1:i-1]) || open > 0 && headOfStatement(tokens[open-1].Text) {
			return
		}
		// The arguments of a call or a declarator precede: f(x)(y) is a call.
		if open > 0 && tokens[open-1].Text == ")" && isType(inside(tokens, open-1)) {
			return
		}
	default:
		return
	}
	if !c.excused[f.Path][tokens[i].Line] {
		c.report(f, tokens[i].Line, "%s (%s) calls through a pointer, without a reason", in, csource.Mark)
	}
}

// headOfStatement: if (a) (b)(c); the group belongs to the statement.
func headOfStatement(word string) bool {
	switch word {
	case "if", "while", "for", "switch", "sizeof", "_Alignof", "__attribute__", "__asm__":
		return true
	}
	return false
}

// opening gives the index of the parenthesis that the one at i closes, or -1.
func opening(tokens []csource.Token, i int) int {
	depth := 0
	for ; i >= 0; i-- {
		switch tokens[i].Text {
		case ")":
			depth++
		case "(":
			depth--
			if depth == 0 {
				return i
			}
		}
	}
	return -1
}

// inside gives what stands in the group that ends at i.
func inside(tokens []csource.Token, i int) []csource.Token {
	open := opening(tokens, i)
	if open < 0 {
		return nil
	}
	return tokens[open+1 : i]
}

// isType tells whether the tokens of a group are the name of a type, so that
// the group is a cast: a word of C, a tag, a name that ends in _t, pointers to
// them and to functions.
func isType(tokens []csource.Token) bool {
	tokens = slices.DeleteFunc(slices.Clone(tokens), func(t csource.Token) bool { return t.Text == csource.Number })
	if len(tokens) == 0 {
		return true // an empty list of parameters
	}
	word := false
	for i, t := range tokens {
		switch {
		case t.Text == "*" || t.Text == "(" || t.Text == ")" || t.Text == "," || t.Text == "[" || t.Text == "]":
		case typeWords[t.Text] || strings.HasSuffix(t.Text, "_t"):
			word = true
		case i > 0 && (tokens[i-1].Text == "struct" || tokens[i-1].Text == "union" || tokens[i-1].Text == "enum"):
		default:
			return false
		}
	}
	return word || tokens[0].Text == "*" && len(tokens) == 1
}
