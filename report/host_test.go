package report_test

import (
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

func TestHostAndMemory(t *testing.T) {
	r := sample(t, "host")
	equal(t, "host", *r.Host, report.Host{Name: `ingest-6d4b-"x2x`, OS: "linux", Kernel: "6.8.0-45-generic", Libc: "glibc 2.36", CPUs: 8,
		Container: "4f1c0d5e9a7b3c2d1e0f4f1c0d5e9a7b3c2d1e0f4f1c0d5e9a7b3c2d1e0f0123", Pod: "3d7c2b1a-0f9e-4d8c-b7a6-5f4e3d2c1b0a"})
	m := r.Memory
	equal(t, "cgroup", *m.Cgroup, report.CgroupMemory{Used: 500 << 20, Limit: 512 << 20, OOMKills: 3})
	equal(t, "limits", m.Limits, []report.Limit{{"stack", 8 << 20, true}, {"core", 0, true}, {"processes", 96364, false}})
	m.Cgroup, m.Limits = nil, nil
	equal(t, "memory", *m, report.Memory{Resident: 4123*(1<<20)/10 + 1, Threads: 14, Descriptors: 37, DescriptorLimit: 1024})
	equal(t, "labels", r.Labels, []report.Annotation{{"request", "7f3a"}, {"tenant", ""}})
	record := sample(t, "host").Record()
	for key, want := range map[string]any{
		"host.name": `ingest-6d4b-"x2x`, "os.type": "linux", "os.version": "6.8.0-45-generic", "k8s.pod.uid": "3d7c2b1a-0f9e-4d8c-b7a6-5f4e3d2c1b0a",
		"epitaph.memory.cgroup_limit_bytes": 512 << 20, "epitaph.memory.oom_kills": 3, "epitaph.descriptors": 37, "epitaph.libc": "glibc 2.36", "epitaph.label.request": "7f3a",
	} {
		equal(t, key, record[key], want)
	}
}

// Every form of the two lines is understood and prints as it stood; what is none stays
// among the unknown lines.
func TestFormsOfHostAndMemory(t *testing.T) {
	const head = "Fatal Go error: Aborted\n\n"
	parse := func(line string) *report.Report {
		r, err := report.Parse([]byte(head + line + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		if r.String() != head+line+"\n" {
			t.Errorf("printed: %q\nwas:     %q", r, head+line+"\n")
		}
		return r
	}
	for _, line := range []string{
		`Host: "n", linux`, `Host: "", linux 6.1, musl, 1 CPU`, `Host: "a\x22, b", linux 6.1, container web-1, unit a\x40.service`,
		`Memory: resident unknown; threads unknown; unknown of 64 descriptors`, `Memory: resident at most 10.5 MiB; cgroup unknown; 1 thread; 5 descriptors`,
		`Memory: resident 1048576.9 MiB; cgroup 3 MiB, 1 OOM kill; 1 thread; 5 descriptors; limits: address space 2048 MiB, data 0.1 MiB`,
	} {
		r := parse(line)
		if len(r.Unknown) > 0 || r.Host == nil && r.Memory == nil {
			t.Errorf("not understood: %s", line)
		}
	}
	for _, line := range []string{
		`Host: n, linux`, `Host: "n"`, `Host: "n", `, `Host: "n", linux, 0 CPUs`, `Host: "n", linux, 2 CPU`, `Host: "n", linux, unit a, pod b`,
		`Memory: `, `Memory: resident`, `Memory: resident 5`, `Memory: resident 5.0 MiB; 1 thread; 2 descriptors`, `Memory: resident -1 MiB; 1 thread; 2 descriptors`,
		`Memory: resident 1e300 MiB; 1 thread; 2 descriptors`, `Memory: resident NaN MiB; 1 thread; 2 descriptors`, `Memory: resident 5 MiB; 2 thread; 2 descriptors`,
		`Memory: resident 5 MiB; 1 thread; 2 descriptors; limits: `, `Memory: resident 5 MiB; 1 thread; 2 descriptors; limits: core`, `Memory: resident 5 MiB; 1 thread; 2 descriptors; cgroup 5 MiB`,
		`Memory: resident 5 MiB; 1 thread; 0 of 0 descriptors`, `Memory: resident 5 MiB` + strings.Repeat("; 1 thread", 100),
	} {
		if r := parse(line); len(r.Unknown) != 1 {
			t.Errorf("understood: %s", line)
		}
	}
}

func TestWhoLeftABreadcrumb(t *testing.T) {
	for i, want := range []report.Breadcrumb{
		{Text: "start", Thread: 1, Goroutine: 1},
		{Text: "frame 91 has 3 planes", Thread: 12},
		{Text: "text (thread 5)", Thread: 12, Goroutine: 1<<64 - 1},
		{Text: "not one (thread 05)"},
		{Text: "(thread 0)"},
	} {
		got := sample(t, "host").Breadcrumbs[i]
		got.Before = report.Duration{}
		equal(t, want.Text, got, want)
	}
}

// A dump begins with the process's line, and says who asked for it. Another one ends it.
func TestDumpWithProcess(t *testing.T) {
	r := sample(t, "asked")
	equal(t, "kind", r.Kind, report.Dump)
	equal(t, "notes", r.Notes, []string{"SIGUSR1 from pid 1234 (bash)"})
	if r.Current() != nil || len(r.Threads) != 1 || r.Process.PID != 1 {
		t.Errorf("%+v", r)
	}
	text := r.String()
	cut := text[:strings.Index(text, "2 of 2")]
	scanner := report.NewScanner(strings.NewReader("log\n" + cut + text + "log\n" + text))
	for _, complete := range []bool{false, true, true} {
		if !scanner.Scan() || scanner.Report().Complete() != complete || scanner.Report().Process == nil {
			t.Fatalf("not three dumps, the first one cut: %v, %+v", scanner.Err(), scanner.Report())
		}
	}
	if scanner.Scan() {
		t.Errorf("a fourth: %s", scanner.Report())
	}
	var prefixed strings.Builder
	for line := range strings.Lines(text) {
		prefixed.WriteString("ingest-1  | " + line)
	}
	if scanner = report.NewScanner(strings.NewReader(prefixed.String())); !scanner.Scan() || scanner.Report().String() != text {
		t.Errorf("behind a prefix: %v", scanner.Err())
	}
}
