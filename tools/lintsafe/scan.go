package main

import (
	"fmt"
	"regexp"
	"strings"
)

// A token is an identifier or a punctuation mark. Numbers are dropped, strings
// become "".
type token struct {
	text string
	line int
}

func (t token) isIdent() bool {
	c := t.text[0]
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// A function is a definition or a declaration of one.
type function struct {
	name   string
	line   int
	safe   bool
	static bool
	body   []token // nil for a declaration
}

// A file is what one source file says.
type file struct {
	path      string
	functions []function
	macros    map[string][]token // function-like: name to body
	excused   map[int]bool       // lines with a reason for a call through a pointer
}

const (
	mark   = "EPI_SAFE"
	excuse = "EPI_SAFE: "
)

var (
	tokenPattern  = regexp.MustCompile(`[A-Za-z_][A-Za-z_0-9]*|\.?[0-9](?:[eEpP][+-]|[A-Za-z_0-9.])*|->|\.\.\.|\S`)
	definePattern = regexp.MustCompile(`^\s*#\s*define\s+([A-Za-z_][A-Za-z_0-9]*)(\(?)`)
)

// parse reads one file of C.
func parse(path, source string) (*file, error) {
	f := &file{path: path, macros: map[string][]token{}, excused: map[int]bool{}}
	code := f.strip(source)
	var tokens []token
	for i, line := range strings.Split(code, "\n") {
		tokens = append(tokens, tokenize(line, i+1)...)
	}
	if err := f.collect(tokens); err != nil {
		return nil, err
	}
	return f, nil
}

func tokenize(code string, line int) []token {
	var tokens []token
	for _, text := range tokenPattern.FindAllString(code, -1) {
		if c := text[0]; c >= '0' && c <= '9' || c == '.' && len(text) > 1 && text != "..." {
			continue
		}
		tokens = append(tokens, token{text, line})
	}
	return tokens
}

// strip blanks out comments, strings and directives; it keeps the newlines,
// notes the excuses and the function-like macros.
func (f *file) strip(source string) string {
	source = f.stripComments(source)
	lines := strings.Split(source, "\n")
	for i := 0; i < len(lines); i++ {
		if !strings.HasPrefix(strings.TrimSpace(lines[i]), "#") {
			continue
		}
		directive, at := lines[i], i
		lines[i] = ""
		for strings.HasSuffix(directive, "\\") && i+1 < len(lines) {
			i++
			directive = strings.TrimSuffix(directive, "\\") + " " + lines[i]
			lines[i] = ""
		}
		if m := definePattern.FindStringSubmatch(directive); m != nil {
			f.define(m[1], m[2] == "(", directive[len(m[0]):], at+1)
		}
	}
	return strings.Join(lines, "\n")
}

// define keeps the body of a macro: that of one without arguments may be the
// name of a function, or hold a call.
func (f *file) define(name string, like bool, rest string, line int) {
	if like {
		_, rest, _ = strings.Cut(rest, ")")
	}
	f.macros[name] = append(f.macros[name], tokenize(rest, line)...)
}

func (f *file) stripComments(source string) string {
	var out strings.Builder
	line := 1
	copyByte := func(c byte) {
		if c == '\n' {
			line++
		}
		out.WriteByte(c)
	}
	for i := 0; i < len(source); {
		switch {
		case strings.HasPrefix(source[i:], "/*"), strings.HasPrefix(source[i:], "//"):
			end, first := len(source), line
			if source[i+1] == '*' {
				if n := strings.Index(source[i+2:], "*/"); n >= 0 {
					end = i + 2 + n + 2
				}
			} else if n := strings.IndexByte(source[i:], '\n'); n >= 0 {
				end = i + n
			}
			comment := source[i:end]
			out.WriteByte(' ')
			for _, c := range []byte(comment) {
				if c == '\n' {
					copyByte(c)
				}
			}
			if strings.Contains(comment, excuse) {
				for l := first; l <= line+1; l++ {
					f.excused[l] = true
				}
			}
			i = end
		case source[i] == '"' || source[i] == '\'':
			quote := source[i]
			i++
			for i < len(source) && source[i] != quote && source[i] != '\n' {
				if source[i] == '\\' {
					i++
					if i < len(source) && source[i] == '\n' {
						copyByte('\n')
					}
				}
				i++
			}
			i++
			out.WriteString(`""`)
		default:
			copyByte(source[i])
			i++
		}
	}
	return out.String()
}

// collect finds the functions among the tokens at the top level.
func (f *file) collect(tokens []token) error {
	start := 0
	for i := 0; i < len(tokens); i++ {
		switch tokens[i].text {
		case ";":
			f.declaration(tokens[start:i], nil)
			start = i + 1
		case "{":
			end := matching(tokens, i, "{", "}")
			if end < 0 {
				return fmt.Errorf("%s:%d: no end of this block", f.path, tokens[i].line)
			}
			if i > start && f.declaration(tokens[start:i], tokens[i+1:end]) {
				start = end + 1
			}
			// Otherwise a structure or an initialiser: the declaration goes on.
			i = end
		case "}":
			return fmt.Errorf("%s:%d: a brace too many", f.path, tokens[i].line)
		}
	}
	return nil
}

// matching gives the index of the token that closes the one at i, or -1.
func matching(tokens []token, i int, open, shut string) int {
	depth := 0
	for ; i < len(tokens); i++ {
		switch tokens[i].text {
		case open:
			depth++
		case shut:
			depth--
			if depth == 0 {
				return i
			}
		}
	}
	return -1
}

// Words before a parenthesis that are part of a declaration, not its name.
var declarationWords = map[string]bool{
	"__attribute__": true, "_Alignas": true, "__asm__": true, "_Static_assert": true,
	"__declspec": true, "typeof": true, "__typeof__": true, "asm": true, "_Atomic": true,
}

// declaration takes note of head if it declares a function, and tells whether
// it does. An initialiser or a typedef is none.
func (f *file) declaration(head, body []token) bool {
	var safe, static bool
	for i := 0; i < len(head); i++ {
		switch t := head[i]; {
		case t.text == mark:
			safe = true
		case t.text == "static":
			static = true
		case t.text == "=" || t.text == "typedef":
			return false
		case t.text == "struct" || t.text == "union" || t.text == "enum":
			i++
		case t.text == "(" && i > 0 && declarationWords[head[i-1].text]:
			if i = matching(head, i, "(", ")"); i < 0 {
				return false
			}
		case t.text == "(":
			if i == 0 || !head[i-1].isIdent() {
				return false // a pointer to a function
			}
			f.functions = append(f.functions, function{
				name: head[i-1].text, line: head[i-1].line, safe: safe, static: static, body: body,
			})
			return true
		}
	}
	return false
}
