package victim

import (
	"runtime"
	"strings"
	"testing"
)

// NeedDivision skips a test whose line asks for an integer division by zero, as "kind=div" and
// "divide=1" do, where that is no fault: arm64's division gives 0.
func NeedDivision(t testing.TB, line string) {
	t.Helper()
	if runtime.GOARCH == "arm64" && strings.Contains(line, "div") {
		t.Skip("a division by zero is no fault on arm64")
	}
}
