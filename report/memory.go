package report

import (
	"math"
	"strconv"
	"strings"
)

// Memory is what the process had used, when the report was written, of what a process
// runs out of. Sizes are in bytes, to a tenth of a MiB. A number that was not known is 0.
type Memory struct {
	Resident int64 `json:"resident,omitempty"`
	// AtMost says that Resident is the most that it was in the life of the process.
	AtMost bool `json:"at_most,omitempty"`
	// Cgroup is nil outside of a memory cgroup.
	Cgroup          *CgroupMemory `json:"cgroup,omitempty"`
	Threads         int64         `json:"threads,omitempty"`
	Descriptors     int64         `json:"descriptors,omitempty"`
	DescriptorLimit int64         `json:"descriptor_limit,omitempty"`
	// Limits are the soft resource limits that are not unlimited.
	Limits []Limit `json:"limits,omitempty"`
}

// CgroupMemory is the memory of a cgroup: the process's own or, where that has no limit,
// the innermost one around it that has.
type CgroupMemory struct {
	Used     int64 `json:"used,omitempty"`
	Limit    int64 `json:"limit,omitempty"` // 0: none
	OOMKills int64 `json:"oom_kills,omitempty"`
}

// Limit is a resource limit: "address space", "data", "stack", "file size" and "core" in
// bytes, "processes" of the user.
type Limit struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
	Bytes bool   `json:"bytes,omitempty"` // Value is a size
}

const (
	memoryPrefix = "Memory: resident "
	mib          = 1 << 20
)

// parseMiB reads "412.3 MiB"; "unknown" is 0.
func parseMiB(s string) (bytes int64, ok bool) {
	if s == "unknown" {
		return 0, true
	}
	s, ok = strings.CutSuffix(s, " MiB")
	v, err := strconv.ParseFloat(s, 64)
	if !ok || err != nil || !(v >= 0 && v < 1<<40) {
		return 0, false
	}
	return int64(math.Round(v * mib)), true
}

func appendMiB(b []byte, bytes int64) []byte {
	tenths := (max(bytes, 0)/mib)*10 + (max(bytes, 0)%mib*10+mib/2)/mib
	b = strconv.AppendInt(b, tenths/10, 10)
	if tenths%10 != 0 {
		b = strconv.AppendInt(append(b, '.'), tenths%10, 10)
	}
	return append(b, " MiB"...)
}

func appendKnownMiB(b []byte, bytes int64) []byte {
	if bytes == 0 {
		return append(b, "unknown"...)
	}
	return appendMiB(b, bytes)
}

func parseMemory(line string) (m Memory, ok bool) {
	s, ok := strings.CutPrefix(line, memoryPrefix)
	for i, part := range strings.Split(s, "; ") {
		var ok1 bool
		cgroup, isCgroup := strings.CutPrefix(part, "cgroup ")
		limits, isLimits := strings.CutPrefix(part, "limits: ")
		switch {
		case i == 0:
			part, m.AtMost = strings.CutPrefix(part, "at most ")
			m.Resident, ok1 = parseMiB(part)
		case isCgroup:
			m.Cgroup, ok1 = parseCgroup(cgroup)
		case isLimits:
			m.Limits, ok1 = parseLimits(limits)
		case part == "threads unknown":
			ok1 = true
		case strings.HasSuffix(part, " descriptors"):
			ok1 = m.parseDescriptors(part)
		default:
			count, _, _ := strings.Cut(part, " ")
			var err error
			m.Threads, err = strconv.ParseInt(count, 10, 64)
			ok1 = err == nil && m.Threads > 0
		}
		ok = ok && ok1
	}
	return m, ok
}

func (m *Memory) parseDescriptors(s string) bool {
	count, limit, limited := strings.Cut(strings.TrimSuffix(s, " descriptors"), " of ")
	var err1, err2 error
	if count != "unknown" {
		m.Descriptors, err1 = strconv.ParseInt(count, 10, 64)
	}
	if limited {
		m.DescriptorLimit, err2 = strconv.ParseInt(limit, 10, 64)
	}
	return err1 == nil && err2 == nil
}

func parseCgroup(s string) (c *CgroupMemory, ok bool) {
	c = new(CgroupMemory)
	sizes, kills, killed := strings.Cut(s, ", ")
	used, limit, limited := strings.Cut(sizes, " of ")
	c.Used, ok = parseMiB(used)
	if limited {
		var ok1 bool
		c.Limit, ok1 = parseMiB(limit)
		ok = ok && ok1
	}
	if killed {
		count, _, _ := strings.Cut(kills, " ")
		n, err := strconv.ParseInt(count, 10, 64)
		c.OOMKills, ok = n, ok && err == nil
	}
	return c, ok
}

func parseLimits(s string) (limits []Limit, ok bool) {
	for part := range strings.SplitSeq(s, ", ") {
		l := Limit{}
		size, isSize := strings.CutSuffix(part, " MiB")
		name, value, _ := cutLast(size, " ")
		l.Name, l.Bytes = decode(name, false), isSize
		var ok1 bool
		if isSize {
			l.Value, ok1 = parseMiB(value + " MiB")
		} else {
			var err error
			l.Value, err = strconv.ParseInt(value, 10, 64)
			ok1 = err == nil
		}
		if !ok1 {
			return nil, false
		}
		limits = append(limits, l)
	}
	return limits, true
}

func appendMemory(b []byte, m Memory, _ bool) []byte {
	b = append(b, memoryPrefix...)
	if m.AtMost {
		b = append(b, "at most "...)
	}
	b = appendKnownMiB(b, m.Resident)
	if c := m.Cgroup; c != nil {
		b = appendKnownMiB(append(b, "; cgroup "...), c.Used)
		if c.Limit != 0 {
			b = appendMiB(append(b, " of "...), c.Limit)
		}
		if c.OOMKills != 0 {
			b = appendCount(append(b, ", "...), c.OOMKills, "OOM kill")
		}
	}
	if m.Threads != 0 {
		b = appendCount(append(b, "; "...), m.Threads, "thread")
	} else {
		b = append(b, "; threads unknown"...)
	}
	b = append(b, "; "...)
	if m.Descriptors != 0 {
		b = strconv.AppendInt(b, m.Descriptors, 10)
	} else {
		b = append(b, "unknown"...)
	}
	if m.DescriptorLimit != 0 {
		b = strconv.AppendInt(append(b, " of "...), m.DescriptorLimit, 10)
	}
	b = append(b, " descriptors"...)
	for i, l := range m.Limits {
		if i == 0 {
			b = append(b, "; limits: "...)
		} else {
			b = append(b, ", "...)
		}
		b = append(appendText(b, l.Name), ' ')
		if l.Bytes {
			b = appendMiB(b, l.Value)
		} else {
			b = strconv.AppendInt(b, l.Value, 10)
		}
	}
	return b
}
