package child_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/epitaph-go/epitaph/internal/child"
)

func TestOutputIsBounded(t *testing.T) {
	const bound = 1 << 10
	var also bytes.Buffer
	o := child.Output{Bound: bound, Also: &also}
	chunk := strings.Repeat("x", bound/4)
	written := "the beginning"
	o.Write([]byte(written))
	for range 20 {
		written += chunk
		o.Write([]byte(chunk))
	}
	o.Write([]byte("the end"))
	text := o.String()
	if len(text) > 3*bound+100 || !strings.HasPrefix(text, "the beginning") || !strings.Contains(text, " bytes left out]") || !strings.HasSuffix(text, "the end") {
		t.Errorf("%d bytes: %s", len(text), text)
	}
	if o.String() != text || also.String() != written+"the end" {
		t.Error("it is something else the second time, or for the other writer")
	}
}

func TestOutputReads(t *testing.T) {
	var o child.Output
	text := strings.Repeat("text", 20_000)
	if n, err := o.ReadFrom(iotest.DataErrReader(strings.NewReader(text))); n != int64(len(text)) || err != nil || o.String() != text {
		t.Errorf("%d bytes, %v; %d kept", n, err, len(o.Bytes()))
	}
	if _, err := o.ReadFrom(iotest.ErrReader(iotest.ErrTimeout)); err != iotest.ErrTimeout {
		t.Error(err)
	}
}
