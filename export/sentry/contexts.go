package sentry

import (
	"strings"

	"github.com/epitaph-go/epitaph/report"
)

// contexts has what an event says of the machine and the program, each under Sentry's own
// name where it has one.
func contexts(r *report.Report) map[string]map[string]any {
	c := map[string]map[string]any{}
	put := func(context, key string, v any) {
		switch v {
		case "", 0, false, nil:
			return
		}
		if c[context] == nil {
			c[context] = map[string]any{}
		}
		c[context][key] = v
	}
	if b := r.Build; b != nil {
		system, arch, _ := strings.Cut(b.Platform, "/")
		if system == "linux" {
			system = "Linux"
		}
		put("os", "name", system)
		put("device", "arch", arch)
		put("runtime", "name", "go")
		put("runtime", "version", strings.TrimPrefix(b.GoVersion, "go"))
		put("app", "app_version", b.Version)
		put("app", "app_build", b.Revision)
	}
	if h := r.Host; h != nil {
		put("os", "kernel_version", h.Kernel)
	}
	if p := r.Process; p != nil {
		put("app", "app_name", p.Name)
		put("app", "app_start_time", timestamp(p.Time.Add(-p.Uptime.Duration)))
	}
	for _, a := range r.Annotations {
		put("annotations", a.Key, a.Value)
	}
	put("epitaph", "signature", r.Signature())
	put("epitaph", "incomplete", !r.Complete())
	put("epitaph", "cause", causeOf(r))
	put("epitaph", "messages", strings.Join(r.Messages, "\n"))
	put("epitaph", "standard_error", strings.Join(r.StandardError, "\n"))
	put("epitaph", "notes", strings.Join(r.Notes, "\n"))
	put("epitaph", "panic", string(r.Panic.Bytes()))
	if r.Code != nil && len(r.Code.Bytes) > 0 {
		digits, _ := r.Code.Bytes.MarshalText()
		put("epitaph", "code", string(digits))
	}
	return c
}

// causeOf is in the words of the report; the exception's value is that of the sentence.
func causeOf(r *report.Report) string {
	if r.Signal == nil {
		return ""
	}
	return r.Signal.Cause
}
