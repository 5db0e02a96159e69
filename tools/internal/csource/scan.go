// Package csource reads the C of native/ as the linters need it, and compiles it to
// look at the symbols of its objects.
//
// The reading is simple (comments, strings and directives are set aside, braces and
// parentheses counted), which the style of native/ allows: one declarator in a
// declaration of a function, no K&R definitions, no macros that make functions. A
// body that it cannot follow is an error, not a pass.
package csource

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// Mark is what a function that may run after a fault carries (native/base/base.h).
const Mark = "EPI_SAFE"

// Number is the text of every number's token.
const Number = "0"

// A Token is an identifier or a punctuation mark. A number becomes 0, a string "".
type Token struct {
	Text string
	Line int
}

// IsIdent tells whether the token is a word.
func (t Token) IsIdent() bool {
	c := t.Text[0]
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// A Function is a definition or a declaration of one.
type Function struct {
	Name      string
	Line, End int  // of the name, and of the end of the declaration or the body
	Safe      bool // it has the mark
	Static    bool
	Head      []Token // what stands before the name
	Params    []Token // what stands between the parentheses
	Body      []Token // nil for a declaration
}

// A Variable is one at the top level, a definition or a declaration.
type Variable struct {
	Name   string
	Line   int
	Extern bool
}

// A Comment is the text between its marks.
type Comment struct {
	First, Last int // lines
	Text        string
}

// An Include is what stands behind #include, with its quotes or brackets.
type Include struct {
	Path string
	Line int
}

// A File is what one source file says.
type File struct {
	Path      string
	Lines     int
	Functions []Function
	Variables []Variable
	Macros    map[string][]Token // name to body
	Includes  []Include
	Comments  []Comment
	Code      []Token // all of it, without directives
	CodeLines int     // lines that hold more than a comment
}

// IsHeader tells whether it is a header.
func (f *File) IsHeader() bool { return filepath.Ext(f.Path) == ".h" }

// Opening is the text of the comment that the file begins with, or "".
func (f *File) Opening() string {
	if len(f.Comments) == 0 || f.Comments[0].First != 1 {
		return ""
	}
	return f.Comments[0].Text
}

var (
	tokenPattern   = regexp.MustCompile(`[A-Za-z_][A-Za-z_0-9]*|\.?[0-9](?:[eEpP][+-]|[A-Za-z_0-9.])*|->|\.\.\.|\S`)
	definePattern  = regexp.MustCompile(`^\s*#\s*define\s+([A-Za-z_][A-Za-z_0-9]*)(\(?)`)
	includePattern = regexp.MustCompile(`^\s*#\s*include\s+(\S+)`)
)

// Parse reads one file of C.
func Parse(path, source string) (*File, error) {
	f := &File{Path: path, Lines: strings.Count(source, "\n"), Macros: map[string][]Token{}}
	code := f.stripComments(source)
	for line := range strings.SplitSeq(code, "\n") {
		if strings.TrimSpace(line) != "" {
			f.CodeLines++
		}
	}
	for i, line := range strings.Split(f.stripDirectives(code, source), "\n") {
		f.Code = append(f.Code, tokenize(line, i+1)...)
	}
	if err := f.collect(f.Code); err != nil {
		return nil, err
	}
	return f, nil
}

func tokenize(code string, line int) []Token {
	var tokens []Token
	for _, text := range tokenPattern.FindAllString(code, -1) {
		if c := text[0]; c >= '0' && c <= '9' || c == '.' && len(text) > 1 && text != "..." {
			text = Number
		}
		tokens = append(tokens, Token{text, line})
	}
	return tokens
}

// stripDirectives blanks out directives; it keeps the newlines, and notes the
// macros and the includes. The path of an include is a string, which only the
// source has.
func (f *File) stripDirectives(code, source string) string {
	lines, original := strings.Split(code, "\n"), strings.Split(source, "\n")
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
		} else if m := includePattern.FindStringSubmatch(original[at]); m != nil {
			f.Includes = append(f.Includes, Include{m[1], at + 1})
		}
	}
	return strings.Join(lines, "\n")
}

// define keeps the body of a macro: that of one without arguments may be the
// name of a function, or hold a call.
func (f *File) define(name string, like bool, rest string, line int) {
	if like {
		_, rest, _ = strings.Cut(rest, ")")
	}
	// Two bodies of one name (behind #if, or of two files) are no text in one piece: (1)(2) is a call.
	f.Macros[name] = append(append(f.Macros[name], tokenize(rest, line)...), Token{Text: ";", Line: line})
}

// stripComments blanks out comments and what is in strings.
func (f *File) stripComments(source string) string {
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
			end, text, first := commentAt(source, i), "", line
			text = source[i:end]
			out.WriteByte(' ')
			for _, c := range []byte(text) {
				if c == '\n' {
					copyByte(c)
				}
			}
			f.Comments = append(f.Comments, Comment{first, line, text})
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

// commentAt gives where the comment ends that begins at i.
func commentAt(source string, i int) int {
	if source[i+1] == '*' {
		if n := strings.Index(source[i+2:], "*/"); n >= 0 {
			return i + 2 + n + 2
		}
	} else if n := strings.IndexByte(source[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(source)
}

// collect finds the functions and variables among the tokens at the top level.
func (f *File) collect(tokens []Token) error {
	start := 0
	for i := 0; i < len(tokens); i++ {
		switch tokens[i].Text {
		case ";":
			f.declaration(tokens[start:i], nil, tokens[i].Line)
			start = i + 1
		case "{":
			end := Matching(tokens, i, "{", "}")
			if end < 0 {
				return fmt.Errorf("%s:%d: no end of this block", f.Path, tokens[i].Line)
			}
			if i > start && f.declaration(tokens[start:i], tokens[i+1:end], tokens[end].Line) {
				start = end + 1
			}
			// Otherwise a structure or an initialiser: the declaration goes on.
			i = end
		case "}":
			return fmt.Errorf("%s:%d: a brace too many", f.Path, tokens[i].Line)
		}
	}
	return nil
}

// Matching gives the index of the token that closes the one at i, or -1.
func Matching(tokens []Token, i int, open, shut string) int {
	depth := 0
	for ; i < len(tokens); i++ {
		switch tokens[i].Text {
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
func (f *File) declaration(head, body []Token, last int) bool {
	fn := Function{Body: body, End: last}
	for i := 0; i < len(head); i++ {
		switch t := head[i]; {
		case t.Text == Mark:
			fn.Safe = true
		case t.Text == "static":
			fn.Static = true
		case t.Text == "=" || t.Text == "typedef":
			f.variable(head, body)
			return false
		case t.Text == "struct" || t.Text == "union" || t.Text == "enum":
			i++
		case t.Text == "{":
			return false // a type, whose members may be pointers to functions
		case t.Text == "(" && i > 0 && declarationWords[head[i-1].Text]:
			if i = Matching(head, i, "(", ")"); i < 0 {
				return false
			}
		case t.Text == "(":
			if i == 0 || !head[i-1].IsIdent() {
				return false // a pointer to a function
			}
			fn.Name, fn.Line, fn.Head = head[i-1].Text, head[i-1].Line, head[:i-1]
			if end := Matching(head, i, "(", ")"); end > i {
				fn.Params = head[i+1 : end]
			}
			f.Functions = append(f.Functions, fn)
			return true
		}
	}
	f.variable(head, body)
	return false
}

// variable takes note of head if it declares a variable that is not static: a
// name behind a type. The declaration of a type alone has no name behind it.
func (f *File) variable(head, body []Token) {
	v := Variable{}
	depth := 0
	for i, t := range head {
		switch t.Text {
		case "static", "typedef", "_Static_assert":
			return
		case "extern":
			v.Extern = true
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
		case "=":
			if depth == 0 {
				if v.Name != "" {
					f.Variables = append(f.Variables, v)
				}
				return
			}
		default:
			tag := i > 0 && (head[i-1].Text == "struct" || head[i-1].Text == "union" || head[i-1].Text == "enum")
			if depth == 0 && i > 0 && t.IsIdent() && !tag && !declarationWords[t.Text] {
				v.Name, v.Line = t.Text, t.Line
			}
		}
	}
	if v.Name != "" && body == nil {
		f.Variables = append(f.Variables, v)
	}
}
