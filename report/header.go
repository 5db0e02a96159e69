package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Signal is what the kernel said: the signal and its code, and what Epitaph
// makes of them.
type Signal struct {
	Name   string `json:"name"` // "SIGSEGV"
	Number int    `json:"number"`
	// CodeName is "SEGV_MAPERR"; it is "code" for a code that has no name, and
	// empty when the report has no code.
	CodeName string `json:"code_name,omitempty"`
	Code     int    `json:"code"`
	Cause    string `json:"cause,omitempty"`
}

// Process is the process and the thread that the report is about.
type Process struct {
	PID        int       `json:"pid"`
	Name       string    `json:"name"`
	Executable string    `json:"executable"`
	TID        int       `json:"tid"`
	Thread     string    `json:"thread"`
	Time       time.Time `json:"time"`
	Uptime     Duration  `json:"uptime"`
}

// Build is what the program was built from.
type Build struct {
	GoVersion string `json:"go_version"`
	Platform  string `json:"platform"` // "linux/amd64"
	Module    string `json:"module,omitempty"`
	Version   string `json:"version,omitempty"`
	Revision  string `json:"revision,omitempty"`
	Modified  bool   `json:"modified,omitempty"`
	BuildID   string `json:"build_id,omitempty"`
}

const timeoutPrefix = "Timeout ("

// parseTimeout reads faulthandler's line, "Timeout (0:00:00.500000)!".
func parseTimeout(line string) (time.Duration, bool) {
	s, ok := strings.CutPrefix(line, timeoutPrefix)
	s, end := strings.CutSuffix(s, ")!")
	part := strings.Split(s, ":")
	if !ok || !end || len(part) != 3 {
		return 0, false
	}
	hours, err1 := strconv.Atoi(part[0])
	minutes, err2 := strconv.Atoi(part[1])
	seconds, ok := parseDuration(strings.TrimPrefix(part[2], "0") + " s")
	if err1 != nil || err2 != nil || !ok || hours < 0 || hours > 2_000_000 || minutes > 59 {
		return 0, false
	}
	return time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute + seconds.Duration, true
}

func appendTimeout(b []byte, d time.Duration, _ bool) []byte {
	b = fmt.Appendf(b, "%s%d:%02d:%02d", timeoutPrefix, d/time.Hour, d/time.Minute%60, d/time.Second%60)
	if us := d % time.Second / time.Microsecond; us != 0 {
		b = fmt.Appendf(b, ".%06d", us)
	}
	return append(b, ")!"...)
}

// cutNumbered splits "SIGSEGV (11), rest" into "SIGSEGV", 11 and ", rest".
func cutNumbered(s string) (name string, number int, rest string, ok bool) {
	name, s, ok = strings.Cut(s, " (")
	digits, rest, closed := strings.Cut(s, ")")
	number, err := strconv.Atoi(digits)
	return name, number, rest, ok && closed && err == nil
}

func appendNumbered(b []byte, name string, number int) []byte {
	b = append(appendText(b, name), " ("...)
	return append(strconv.AppendInt(b, int64(number), 10), ')')
}

func parseSignal(line string) (s Signal, ok bool) {
	line, ok = strings.CutPrefix(line, "Signal: ")
	if !ok {
		return s, false
	}
	s.Name, s.Number, line, ok = cutNumbered(line)
	if code, has := strings.CutPrefix(line, ", "); ok && has {
		s.CodeName, s.Code, line, ok = cutNumbered(code)
	}
	if cause, has := strings.CutPrefix(line, ": "); has {
		s.Cause, line = decode(cause, false), ""
	}
	return s, ok && line == ""
}

func appendSignal(b []byte, s Signal, _ bool) []byte {
	b = appendNumbered(append(b, "Signal: "...), s.Name, s.Number)
	if s.CodeName != "" {
		b = appendNumbered(append(b, ", "...), s.CodeName, s.Code)
	}
	if s.Cause != "" {
		b = appendText(append(b, ": "...), s.Cause)
	}
	return b
}

// parseMessage reads what the C library or the C++ runtime said before it
// aborted: the text of a failed assertion, of the heap's checks, of an uncaught
// exception.
func parseMessage(line string) (string, bool) {
	s, ok := strings.CutPrefix(line, `Message: "`)
	s, end := strings.CutSuffix(s, `"`)
	return decode(s, true), ok && end
}

func appendMessage(b []byte, text string, _ bool) []byte {
	return appendQuoted(append(b, "Message: "...), text)
}

// parseStandardError reads a line that the crashing thread wrote before it aborted.
func parseStandardError(line string) (string, bool) {
	s, ok := strings.CutPrefix(line, `Standard error: "`)
	s, end := strings.CutSuffix(s, `"`)
	return decode(s, true), ok && end
}

func appendStandardError(b []byte, text string, _ bool) []byte {
	return appendQuoted(append(b, "Standard error: "...), text)
}

const timeLayout = "2006-01-02T15:04:05.000000Z"

// parseProcess works from both ends to the middle, because the path of the
// executable is the one part that may hold what separates the others.
func parseProcess(line string) (p Process, ok bool) {
	s, ok := strings.CutPrefix(line, "Process: ")
	pid, s, ok1 := strings.Cut(s, ` "`)
	name, s, ok2 := strings.Cut(s, `" (`)
	s, uptime, ok3 := cutLast(s, ", up ")
	s, at, ok4 := cutLast(s, `", `)
	s, thread, ok5 := cutLast(s, ` "`)
	exe, tid, ok6 := cutLast(s, "), thread ")
	if !ok || !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 {
		return p, false
	}
	p.Name, p.Executable, p.Thread = decode(name, true), decode(exe, false), decode(thread, true)
	var err1, err2, err3 error
	p.PID, err1 = strconv.Atoi(pid)
	p.TID, err2 = strconv.Atoi(tid)
	p.Time, err3 = time.Parse(timeLayout, at)
	p.Uptime, ok = parseDuration(uptime)
	return p, ok && err1 == nil && err2 == nil && err3 == nil
}

func appendProcess(b []byte, p Process, _ bool) []byte {
	b = strconv.AppendInt(append(b, "Process: "...), int64(p.PID), 10)
	b = appendQuoted(append(b, ' '), p.Name)
	b = append(appendText(append(b, " ("...), p.Executable), "), thread "...)
	b = append(strconv.AppendInt(b, int64(p.TID), 10), ' ')
	b = append(appendQuoted(b, p.Thread), ", "...)
	b = append(p.Time.UTC().AppendFormat(b, timeLayout), ", up "...)
	return appendDuration(b, p.Uptime)
}

func parseBuild(line string) (b Build, ok bool) {
	s, ok := strings.CutPrefix(line, "Build: ")
	if rest, id, has := cutLast(s, ", build-id "); has {
		s, b.BuildID = rest, decode(id, false)
	}
	compiler, s, module := strings.Cut(s, ", ")
	// A development version of Go has spaces in it.
	version, platform, ok1 := cutLast(compiler, " ")
	b.GoVersion, b.Platform = decode(version, false), decode(platform, false)
	if module {
		if rest, revision, has := cutLast(s, " (revision "); has && strings.HasSuffix(revision, ")") {
			s = rest
			revision, b.Modified = strings.CutSuffix(revision[:len(revision)-1], ", modified")
			b.Revision = decode(revision, false)
		}
		path, version, _ := strings.Cut(s, " ")
		b.Module, b.Version = decode(path, false), decode(version, false)
	}
	return b, ok && ok1
}

func appendBuild(b []byte, v Build, _ bool) []byte {
	b = appendText(append(b, "Build: "...), v.GoVersion)
	b = appendText(append(b, ' '), v.Platform)
	if v.Module != "" {
		b = appendText(append(b, ", "...), v.Module)
		if v.Version != "" {
			b = appendText(append(b, ' '), v.Version)
		}
		if v.Revision != "" {
			b = appendText(append(b, " (revision "...), v.Revision)
			if v.Modified {
				b = append(b, ", modified"...)
			}
			b = append(b, ')')
		}
	}
	if v.BuildID != "" {
		b = appendText(append(b, ", build-id "...), v.BuildID)
	}
	return b
}

func parseNote(line string) (string, bool) {
	s, ok := strings.CutPrefix(line, "Note: ")
	return decode(s, false), ok
}

func appendNote(b []byte, text string, _ bool) []byte {
	return appendText(append(b, "Note: "...), text)
}

// cutLast is strings.Cut around the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
