package stackfmt

import (
	"log/slog"
	"strconv"
)

// maxLogDepth is how many errors below each other a log record shows. Handlers
// recurse into groups, and repeat the names of all groups above.
const maxLogDepth = 32

// LogValue implements [slog.LogValuer]: a group of type, message and, where there
// are any, notes, stack, cause, context and group. Errors more than 32 levels
// deep are left out, with a mark.
func (t *Traceback) LogValue() slog.Value { return t.logValue(map[*Traceback]bool{}) }

// logValue builds the whole value at once: a handler that resolves values as it
// comes to them would never end on a tree that contains itself.
func (t *Traceback) logValue(onPath map[*Traceback]bool) slog.Value {
	if t == nil {
		return slog.StringValue("<nil>")
	}
	if len(onPath) == maxLogDepth {
		return slog.StringValue("...")
	}
	attrs := []slog.Attr{slog.String("type", t.Type), slog.String("message", t.Message)}
	if onPath[t] || t.Cycle {
		return slog.GroupValue(append(attrs, slog.Bool("cycle", true))...)
	}
	onPath[t] = true
	defer delete(onPath, t)
	if len(t.Notes) > 0 {
		attrs = append(attrs, slog.Any("notes", t.Notes))
	}
	if len(t.Stack) > 0 {
		attrs = append(attrs, slog.Any("stack", t.Stack))
	}
	switch {
	case t.Cause != nil:
		attrs = append(attrs, slog.Attr{Key: "cause", Value: t.Cause.logValue(onPath)})
	case t.Context != nil && !t.SuppressContext:
		attrs = append(attrs, slog.Attr{Key: "context", Value: t.Context.logValue(onPath)})
	}
	if len(t.Group) > 0 {
		members := make([]slog.Attr, 0, len(t.Group))
		for i, m := range t.Group {
			if i >= defaultGroupWidth {
				members = append(members, slog.Int("more", len(t.Group)-i))
				break
			}
			members = append(members, slog.Attr{Key: strconv.Itoa(i + 1), Value: m.logValue(onPath)})
		}
		attrs = append(attrs, slog.Attr{Key: "group", Value: slog.GroupValue(members...)})
	}
	return slog.GroupValue(attrs...)
}

// OTelAttributes returns the attributes of an OpenTelemetry exception event by
// the names of its semantic conventions: exception.type, exception.message and
// exception.stacktrace, which is the text of t.
func (t *Traceback) OTelAttributes(opts ...PrintOption) map[string]string {
	typ, message := "<nil>", ""
	if t != nil {
		typ, message = t.Type, t.Message
	}
	return map[string]string{
		"exception.type":       typ,
		"exception.message":    message,
		"exception.stacktrace": string(t.Append(nil, opts...)),
	}
}
