package collected

import (
	"encoding/json"
	"slices"
	"strings"
)

// wrapped is what a record of JSON has.
type wrapped struct {
	text, source string
	several      bool // text has several lines: a whole report, or a dump
	piece        bool // more of the line follows
}

// textKeys are the members that have the text of a line, those of collectors first:
// docker's json-file, journald, go test -json, then those of loggers.
var textKeys = []string{"log", "MESSAGE", "Output", "message", "msg", "line", "text", "body", "event", "@message"}

// sourceKeys are those that say whose the line is.
var sourceKeys = map[string]bool{
	"stream": true, "container_id": true, "container_name": true, "container": true, "pod": true, "pod_name": true, "pod_id": true,
	"namespace_name": true, "host": true, "hostname": true, "_HOSTNAME": true, "_PID": true, "_SYSTEMD_UNIT": true, "SYSLOG_IDENTIFIER": true,
	"Package": true, "Test": true, "tag": true, "service": true, "source": true, "pid": true,
}

// dockerPiece is where docker cuts a line; its last piece alone ends with \n.
const dockerPiece = 16 << 10

// maxStrings bounds how much of a record is looked through.
const maxStrings = 1000

// parseJSON reads a line that is an object or a string of JSON, if there is text in it.
func parseJSON(line string) (w wrapped, ok bool) {
	if line[0] == '"' {
		if json.Unmarshal([]byte(line), &w.text) != nil {
			return w, false
		}
		w.several = strings.Contains(w.text, "\n")
		return w, w.several
	}
	var record map[string]any
	if json.Unmarshal([]byte(strings.TrimSpace(line)), &record) != nil {
		return w, false
	}
	left := maxStrings
	w.source = sourceOf(record, &left)
	left = maxStrings
	if w.text = longest(record, &left); w.text != "" {
		w.several = true
		return w, true
	}
	for _, key := range textKeys {
		text, has := textOf(record[key])
		if !has {
			continue
		}
		w.text = text
		w.piece = !strings.HasSuffix(text, "\n") && (key == "Output" || key == "log" && len(text) >= dockerPiece)
		return w, true
	}
	return w, false
}

// textOf returns a text; journald gives one that is not UTF-8 as an array of bytes.
func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []any:
		b := make([]byte, 0, len(v))
		for _, n := range v {
			c, ok := n.(float64)
			if !ok || c < 0 || c > 255 {
				return "", false
			}
			b = append(b, byte(c))
		}
		return string(b), len(b) > 0
	}
	return "", false
}

// longest returns the longest text of several lines in a record, whatever its name: the
// stack of an exception, the body of a record of OpenTelemetry.
func longest(v any, left *int) string {
	if *left--; *left < 0 {
		return ""
	}
	best := ""
	take := func(v any) {
		if s := longest(v, left); len(s) > len(best) {
			best = s
		}
	}
	switch v := v.(type) {
	case string:
		if strings.Contains(strings.TrimSuffix(v, "\n"), "\n") {
			return v
		}
	case []any:
		for _, e := range v {
			take(e)
		}
	case map[string]any:
		for _, e := range v {
			take(e)
		}
	}
	return best
}

func sourceOf(record map[string]any, left *int) string {
	var parts []string
	for key, v := range record {
		if *left--; *left < 0 {
			break
		}
		switch v := v.(type) {
		case string:
			if sourceKeys[key] {
				parts = append(parts, key+"="+v+"\n")
			}
		case map[string]any:
			if s := sourceOf(v, left); s != "" {
				parts = append(parts, key+"="+s+"\n")
			}
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "")
}
