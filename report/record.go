package report

import (
	"strings"
	"time"
)

// Record returns what a log record of a report has, flat, under the names that
// OpenTelemetry's semantic conventions have for it, and under "epitaph." where they have
// none: for a line of JSON on standard error, an attribute of a log exporter, a row of a
// database. Values are strings, integers (int) and truths; what the report does not hold
// is absent.
//
//	timestamp                      RFC 3339, of the crash
//	severity_text, severity_number FATAL and 21; ERROR and 17 of a timeout, INFO and 9 of a dump
//	body                           Summary
//	exception.type                 SIGSEGV, panic, fatal error, timeout
//	exception.message              the cause
//	exception.stacktrace           the report, whole
//	code.function.name, code.file.path, code.line.number
//	                               the innermost frame of the program
//	process.pid, process.executable.name, process.executable.path,
//	process.executable.build_id.gnu, process.runtime.name, process.runtime.version
//	thread.id, thread.name
//	host.name, os.type, os.version (the kernel's release), container.id, k8s.pod.uid
//	epitaph.libc, epitaph.systemd.unit
//	epitaph.memory.resident_bytes, epitaph.memory.cgroup_bytes, epitaph.memory.cgroup_limit_bytes,
//	epitaph.memory.oom_kills, epitaph.threads, epitaph.descriptors, epitaph.descriptor_limit
//	service.version                the version of the main module
//	vcs.ref.head.revision          what it was built from
//	epitaph.signature, epitaph.kind, epitaph.signal.name, epitaph.signal.number,
//	epitaph.signal.code, epitaph.uptime_seconds, epitaph.incomplete
//	epitaph.annotation.KEY         each annotation
//	epitaph.label.KEY              each label of the goroutine that crashed
func (r *Report) Record() map[string]any {
	m := make(map[string]any, 32)
	put := func(key string, v any) {
		switch v {
		case "", 0, false:
		default:
			m[key] = v
		}
	}
	what, cause := r.whatAndWhy()
	m["severity_text"], m["severity_number"] = "FATAL", 21
	switch r.Kind {
	case Timeout:
		m["severity_text"], m["severity_number"] = "ERROR", 17
		what = "timeout"
	case Dump:
		m["severity_text"], m["severity_number"] = "INFO", 9
	}
	put("body", r.Summary())
	if r.Kind != Dump {
		put("exception.type", what)
		put("exception.message", cause)
	}
	put("exception.stacktrace", r.String())
	if frames := r.Program(); len(frames) > 0 {
		put("code.function.name", frames[0].Func)
		put("code.file.path", frames[0].File)
		put("code.line.number", frames[0].Line)
	}
	r.recordProcess(put)
	r.recordHost(put)
	if s := r.Signal; s != nil {
		put("epitaph.signal.name", s.Name)
		put("epitaph.signal.number", s.Number)
		put("epitaph.signal.code", s.CodeName)
	}
	put("epitaph.kind", r.Kind.String())
	put("epitaph.signature", r.Signature())
	put("epitaph.incomplete", !r.Complete())
	for _, a := range r.Labels {
		put("epitaph.label."+a.Key, a.Value)
	}
	for _, a := range r.Annotations {
		put("epitaph.annotation."+a.Key, a.Value)
	}
	return m
}

func (r *Report) recordProcess(put func(string, any)) {
	if p := r.Process; p != nil {
		put("timestamp", p.Time.UTC().Format(time.RFC3339Nano))
		put("process.pid", p.PID)
		put("process.executable.name", p.Name)
		put("process.executable.path", p.Executable)
		put("thread.id", p.TID)
		put("thread.name", p.Thread)
		if seconds := p.Uptime.Seconds(); seconds != 0 {
			put("epitaph.uptime_seconds", seconds)
		}
	}
	if b := r.Build; b != nil {
		put("process.executable.build_id.gnu", b.BuildID)
		put("process.runtime.name", "go")
		put("process.runtime.version", strings.TrimPrefix(b.GoVersion, "go"))
		put("service.version", b.Version)
		put("vcs.ref.head.revision", b.Revision)
	}
}

func (r *Report) recordHost(put func(string, any)) {
	if h := r.Host; h != nil {
		put("host.name", h.Name)
		put("os.type", h.OS)
		put("os.version", h.Kernel)
		put("container.id", h.Container)
		put("k8s.pod.uid", h.Pod)
		put("epitaph.libc", h.Libc)
		put("epitaph.systemd.unit", h.Unit)
	}
	if m := r.Memory; m != nil {
		put("epitaph.memory.resident_bytes", int(m.Resident))
		if c := m.Cgroup; c != nil {
			put("epitaph.memory.cgroup_bytes", int(c.Used))
			put("epitaph.memory.cgroup_limit_bytes", int(c.Limit))
			put("epitaph.memory.oom_kills", int(c.OOMKills))
		}
		put("epitaph.threads", int(m.Threads))
		put("epitaph.descriptors", int(m.Descriptors))
		put("epitaph.descriptor_limit", int(m.DescriptorLimit))
	}
}
