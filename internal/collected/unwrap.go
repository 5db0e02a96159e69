package collected

import (
	"strconv"
	"strings"
	"time"
)

// Line is what a program has written.
type Line struct {
	Text string
	// Source tells the lines of several programs in one log apart; it is empty where the
	// log does not say.
	Source string
	// Last says that Text is the last line of a text of several that came in one piece, so
	// that nothing of it follows.
	Last bool
}

// maxPieces bounds how many sources have a line in pieces at one time.
const maxPieces = 64

// Unwrapper takes lines out of their wrapping. Its memory is bounded by the length of
// the lines times 64; Limit is the longest line that is joined.
type Unwrapper struct {
	Limit  int
	pieces map[string]*strings.Builder
	// records counts those that had a text of several lines.
	records int
}

// Pending reports whether a line is still in pieces.
func (u *Unwrapper) Pending() bool { return len(u.pieces) > 0 }

// Unwrap appends to lines what is in a line of a log; that is the line itself where it has
// no wrapping that says itself what it is. The line comes without its \n.
func (u *Unwrapper) Unwrap(lines []Line, line string) []Line {
	return u.unwrap(lines, "", line, 0)
}

// maxDepth is how many wrappings are in each other: JSON in CRI, and one to spare.
const maxDepth = 3

func (u *Unwrapper) unwrap(lines []Line, source, line string, depth int) []Line {
	if line == "" || depth == maxDepth {
		return append(lines, Line{Text: line, Source: source})
	}
	switch c := line[0]; {
	case c == '{' || c == '"':
		if w, ok := parseJSON(line); ok {
			return u.json(lines, source, w, depth)
		}
	case isDigit(c):
		if stream, text, whole, ok := parseCRI(line); ok {
			source += stream + "\n"
			if text, ok := u.join(source, text, whole); ok {
				return u.unwrap(lines, source, text, depth+1)
			}
			return lines
		}
	}
	// A record of JSON behind the prefix of another collector.
	if at := strings.Index(line, `{"`); at > 0 && strings.Contains(line[at:], `\n`) {
		if w, ok := parseJSON(line[at:]); ok && w.several {
			return u.json(lines, source, w, depth)
		}
	}
	return append(lines, Line{Text: line, Source: source})
}

// json takes the text of a record.
func (u *Unwrapper) json(lines []Line, source string, w wrapped, depth int) []Line {
	source += w.source
	if w.several {
		u.records++
		source += "record " + strconv.Itoa(u.records) + "\n" // nothing else belongs to it
		for text := range strings.SplitSeq(strings.TrimSuffix(w.text, "\n"), "\n") {
			lines = append(lines, Line{Text: strings.TrimSuffix(text, "\r"), Source: source})
		}
		lines[len(lines)-1].Last = true
		return lines
	}
	if source == "" {
		source = "json\n" // never that of a line without a record
	}
	text, ok := u.join(source, strings.TrimSuffix(w.text, "\n"), !w.piece)
	if !ok {
		return lines
	}
	return u.unwrap(lines, source, text, depth+1)
}

// join adds a piece to a line; ok says that the line is whole.
func (u *Unwrapper) join(source, text string, whole bool) (line string, ok bool) {
	b := u.pieces[source]
	if b == nil {
		if whole {
			return text, true
		}
		if len(u.pieces) >= maxPieces {
			clear(u.pieces)
		}
		if u.pieces == nil {
			u.pieces = make(map[string]*strings.Builder)
		}
		b = new(strings.Builder)
		u.pieces[source] = b
	}
	b.WriteString(text[:max(0, min(len(text), u.Limit-b.Len()))])
	if !whole {
		return "", false
	}
	delete(u.pieces, source)
	return b.String(), true
}

// Rest returns the lines of which the end has not come.
func (u *Unwrapper) Rest() (lines []Line) {
	for source, b := range u.pieces {
		lines = append(lines, Line{Text: b.String(), Source: source})
	}
	u.pieces = nil
	return lines
}

// parseCRI reads a line of the container runtimes of Kubernetes:
// "2026-01-02T03:04:05.123456789Z stderr F TEXT", with P for a piece of 16 KiB that
// others follow.
func parseCRI(line string) (stream, text string, whole, ok bool) {
	at, rest, ok := strings.Cut(line, " ")
	if !ok || len(at) < len("2026-01-02T03:04:05Z") || at[4] != '-' || at[10] != 'T' {
		return "", "", false, false
	}
	stream, rest, ok = strings.Cut(rest, " ")
	if !ok || stream != "stdout" && stream != "stderr" {
		return "", "", false, false
	}
	tag, text, _ := strings.Cut(rest, " ")
	tag, _, _ = strings.Cut(tag, ":") // more tags may follow
	if tag != "F" && tag != "P" {
		return "", "", false, false
	}
	if _, err := time.Parse(time.RFC3339Nano, at); err != nil {
		return "", "", false, false
	}
	return stream, text, tag == "F", true
}
