package main

import (
	"slices"

	"github.com/epitaph-go/epitaph/tools/internal/csource"
)

// Macros and operators that take an address and only read there.
var readers = map[string]bool{
	"atomic_load": true, "atomic_load_explicit": true, "sizeof": true, "_Alignof": true, "offsetof": true,
}

// checkWrites looks for globals that another folder than their own writes.
func (t *tree) checkWrites() {
	functions := map[string]csource.Function{}
	for _, f := range t.files() {
		for _, fn := range f.Functions {
			functions[fn.Name] = fn
		}
	}
	for _, f := range t.files() {
		w := &writes{tree: t, file: f, functions: functions}
		w.look(f.Code)
		for _, body := range f.Macros {
			w.look(body)
		}
	}
}

// writes looks at one file.
type writes struct {
	*tree
	file      *file
	functions map[string]csource.Function
}

func (w *writes) look(code []csource.Token) {
	for i, t := range code {
		owner := w.globals[t.Text]
		if owner == nil || owner == w.file.folder || i > 0 && isMember(code[i-1]) {
			continue
		}
		end := chainEnd(code, i)
		what := ""
		switch {
		case assigned(code, i, end):
			what = "is written here"
		case at(code, i-1) == "&" && takesAddress(code, i-1) && !compared(code, i-1, end) &&
			!w.addressIsRead(code, i-1, owner):
			what = "is handed out here by its address"
		default:
			continue
		}
		w.report("write", w.file.path()+" "+t.Text, w.file.Path, t.Line, "%s, of %s, %s", t.Text, owner.name, what)
	}
}

func isMember(t csource.Token) bool { return t.Text == "." || t.Text == "->" }

// chainEnd gives the index behind a chain of members and subscripts that begins with
// the name at i: a.b[c]->d.
func chainEnd(code []csource.Token, i int) int {
	for i++; i < len(code); {
		switch {
		case isMember(code[i]):
			i += 2
		case code[i].Text == "[":
			end := csource.Matching(code, i, "[", "]")
			if end < 0 {
				return i
			}
			i = end + 1
		default:
			return i
		}
	}
	return len(code)
}

// at gives the text of a token, or "" outside of the code.
func at(code []csource.Token, i int) string {
	if i < 0 || i >= len(code) {
		return ""
	}
	return code[i].Text
}

// assigned tells whether the chain from start to end is assigned to: a = b, a += b,
// a <<= b, a++, --a.
func assigned(code []csource.Token, start, end int) bool {
	a, b, c := at(code, end), at(code, end+1), at(code, end+2)
	switch a {
	case "=":
		return b != "="
	case "+", "-":
		return b == a || b == "="
	case "*", "/", "%", "&", "|", "^":
		return b == "="
	case "<", ">":
		return b == a && c == "="
	}
	before := at(code, start-1)
	return (before == "+" || before == "-") && at(code, start-2) == before
}

// takesAddress tells whether the & at i stands before an operand: as a binary
// operator it follows one.
func takesAddress(code []csource.Token, i int) bool {
	if i == 0 {
		return true
	}
	before := code[i-1]
	if before.Text == "&" { // the second half of &&, unless that stands before it
		return at(code, i-2) == "&"
	}
	return before.Text == "return" || !before.IsIdent() && before.Text != ")" && before.Text != "]" && before.Text != csource.Number
}

// compared tells whether the address between & at i and end is an operand of == or !=.
func compared(code []csource.Token, i, end int) bool {
	before, behind := at(code, i-2), at(code, end)
	return at(code, i-1) == "=" && (before == "=" || before == "!") ||
		at(code, end+1) == "=" && (behind == "=" || behind == "!")
}

// addressIsRead tells whether the address that the & at i takes is only read from:
// it goes to a reader, to a function of the owner, to a parameter or a variable that
// points to const.
func (w *writes) addressIsRead(code []csource.Token, i int, owner *folder) bool {
	open, argument := call(code, i)
	if open < 0 {
		return w.constHere(code, i)
	}
	name := at(code, open-1)
	if readers[name] {
		return true
	}
	if definers := w.definers[name]; len(definers) > 0 && definers[0].folder == owner {
		return true
	}
	if fn, known := w.functions[name]; known {
		return constParam(fn.Params, argument)
	}
	return w.constHere(code, i)
}

// call gives the parenthesis of the call whose argument the token at i begins, and
// the argument's number; -1 when there is none.
func call(code []csource.Token, i int) (open, argument int) {
	depth := 0
	for j := i - 1; j >= 0; j-- {
		switch code[j].Text {
		case ")", "]", "}":
			depth++
		case "(":
			if depth == 0 {
				if at(code, j-1) == "" || !code[j-1].IsIdent() || at(code, j-1) == "return" {
					return -1, 0
				}
				return j, argument
			}
			depth--
		case "[", "{":
			if depth == 0 {
				return -1, 0
			}
			depth--
		case ",":
			if depth == 0 {
				argument++
			}
		case ";":
			return -1, 0
		}
	}
	return -1, 0
}

// constParam tells whether a parameter points to const.
func constParam(params []csource.Token, number int) bool {
	depth, n := 0, 0
	for _, t := range params {
		switch t.Text {
		case "(":
			depth++
		case ")":
			depth--
		case ",":
			if depth == 0 {
				n++
			}
		case "const":
			if n == number {
				return true
			}
		}
	}
	return false
}

// constHere tells whether the statement around i declares a pointer to const, or
// returns one.
func (w *writes) constHere(code []csource.Token, i int) bool {
	isConst := func(t csource.Token) bool { return t.Text == "const" }
	start := i
	for start > 0 && !slices.Contains([]string{";", "{", "}"}, code[start-1].Text) {
		start--
	}
	if slices.ContainsFunc(code[start:i], isConst) {
		return true
	}
	if !slices.ContainsFunc(code[start:i], func(t csource.Token) bool { return t.Text == "return" }) {
		return false
	}
	for _, fn := range w.file.Functions {
		if fn.Body != nil && fn.Line <= code[i].Line && code[i].Line <= fn.End {
			return slices.ContainsFunc(fn.Head, isConst)
		}
	}
	return false
}
