package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

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
	files      []*file
	global     map[string]bool            // function to mark
	local      map[string]map[string]bool // the same for static ones, by file
	macros     map[string][]token
	safeBodies int
	findings   []finding
}

func newChecker(files []*file) *checker {
	c := &checker{
		files: files, global: map[string]bool{}, local: map[string]map[string]bool{},
		macros: map[string][]token{},
	}
	for _, f := range files {
		c.local[f.path] = map[string]bool{}
		for name, body := range f.macros {
			c.macros[name] = append(c.macros[name], body...)
		}
		for _, fn := range f.functions {
			known := c.global
			if fn.static && !isHeader(f.path) {
				known = c.local[f.path]
			}
			known[fn.name] = known[fn.name] || fn.safe
		}
	}
	return c
}

func isHeader(path string) bool { return filepath.Ext(path) == ".h" }

func (c *checker) report(f *file, line int, format string, args ...any) {
	c.findings = append(c.findings, finding{f.path, line, fmt.Sprintf(format, args...)})
}

// check looks at the source.
func (c *checker) check() []finding {
	for _, f := range c.files {
		for _, fn := range f.functions {
			if !fn.static && !fn.safe && c.global[fn.name] {
				c.report(f, fn.line, "%s has the mark %s elsewhere, but not here", fn.name, mark)
			}
			if fn.safe && fn.body != nil {
				c.safeBodies++
				c.body(f, fn.name, fn.body, map[string]bool{})
			}
		}
	}
	findings := c.findings
	c.findings = nil
	return findings
}

// safe tells whether a function may be called in f, and whether it is known.
func (c *checker) safe(f *file, name string) (safe, known bool) {
	if safe, known = c.local[f.path][name]; known {
		return safe, true
	}
	safe, known = c.global[name]
	return safe, known
}

// body checks the calls among the tokens of one function, or of a macro that
// it uses. In the latter every line is that of the macro.
func (c *checker) body(f *file, in string, tokens []token, expanded map[string]bool) {
	for i, t := range tokens {
		if t.text == "(" && i > 0 {
			c.indirect(f, in, tokens, i)
		}
		if !t.isIdent() {
			continue
		}
		member := i > 0 && (tokens[i-1].text == "." || tokens[i-1].text == "->")
		if why, bad := refused[t.text]; bad && !member {
			c.report(f, t.line, "%s (%s) uses %s: %s", in, mark, t.text, why)
			continue
		}
		if body, is := c.macros[t.text]; is && !member && !expanded[t.text] {
			expanded[t.text] = true
			c.body(f, in, relocated(body, t.line), expanded)
			delete(expanded, t.text)
			continue
		}
		if i+1 >= len(tokens) || tokens[i+1].text != "(" {
			continue
		}
		if member {
			if !f.excused[t.line] {
				c.report(f, t.line, "%s (%s) calls through the pointer %s, without a reason", in, mark, t.text)
			}
			continue
		}
		c.call(f, in, t)
	}
}

// relocated gives the tokens of a macro the line where it is used.
func relocated(tokens []token, line int) []token {
	result := make([]token, len(tokens))
	for i, t := range tokens {
		result[i] = token{t.text, line}
	}
	return result
}

func (c *checker) call(f *file, in string, t token) {
	if allowed[t.text] || typeWords[t.text] || strings.HasSuffix(t.text, "_t") ||
		strings.HasPrefix(t.text, "__builtin_") ||
		strings.HasPrefix(t.text, "__atomic_") || strings.HasPrefix(t.text, "__sync_") {
		return
	}
	if _, is := c.macros[t.text]; is {
		return
	}
	safe, known := c.safe(f, t.text)
	switch {
	case safe:
	case known:
		c.report(f, t.line, "%s (%s) calls %s, which has no such mark", in, mark, t.text)
	case f.excused[t.line]:
	default:
		c.report(f, t.line, "%s (%s) calls %s, which is not of the core", in, mark, t.text)
	}
}

// indirect looks at the parenthesis at i: behind another group or a subscript
// it is a call through a pointer, unless that group is a cast.
func (c *checker) indirect(f *file, in string, tokens []token, i int) {
	switch tokens[i-1].text {
	case "]":
	case ")":
		open := opening(tokens, i-1)
		if open < 0 || isType(tokens[open+1:i-1]) || open > 0 && headOfStatement(tokens[open-1].text) {
			return
		}
		// The arguments of a call or a declarator precede: f(x)(y) is a call.
		if open > 0 && tokens[open-1].text == ")" && isType(inside(tokens, open-1)) {
			return
		}
	default:
		return
	}
	if !f.excused[tokens[i].line] {
		c.report(f, tokens[i].line, "%s (%s) calls through a pointer, without a reason", in, mark)
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
func opening(tokens []token, i int) int {
	depth := 0
	for ; i >= 0; i-- {
		switch tokens[i].text {
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
func inside(tokens []token, i int) []token {
	open := opening(tokens, i)
	if open < 0 {
		return nil
	}
	return tokens[open+1 : i]
}

// isType tells whether the tokens of a group are the name of a type, so that
// the group is a cast: a word of C, a tag, a name that ends in _t, pointers to
// them and to functions.
func isType(tokens []token) bool {
	if len(tokens) == 0 {
		return true // an empty list of parameters
	}
	word := false
	for i, t := range tokens {
		switch {
		case t.text == "*" || t.text == "(" || t.text == ")" || t.text == "," || t.text == "[" || t.text == "]":
		case typeWords[t.text] || strings.HasSuffix(t.text, "_t"):
			word = true
		case i > 0 && (tokens[i-1].text == "struct" || tokens[i-1].text == "union" || tokens[i-1].text == "enum"):
		default:
			return false
		}
	}
	return word || tokens[0].text == "*" && len(tokens) == 1
}
