// Package procstat reads /proc/PID/stat (proc(5)).
package procstat

import (
	"bytes"
	"strconv"
)

// StartTicks returns field 22 of a stat line: when the process began, in clock
// ticks since the machine did. With the number of the process it tells one from
// all others until the machine starts anew. It is 0 when the line has no such
// field.
func StartTicks(stat []byte) uint64 {
	// The name in parentheses may hold anything; the fields after it do not.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const start = 22 - 3 // the first one after the name is field 3
	if len(fields) <= start {
		return 0
	}
	ticks, err := strconv.ParseUint(string(fields[start]), 10, 64)
	if err != nil {
		return 0
	}
	return ticks
}

// Ended tells whether the line is that of a process which has ended and was not
// waited for yet.
func Ended(stat []byte) bool {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	return len(fields) > 0 && (fields[0][0] == 'Z' || fields[0][0] == 'X')
}
