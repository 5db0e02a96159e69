package gort

import (
	"runtime"
	"testing"
)

func TestGoidOffset(t *testing.T) {
	offset, err := GoidOffset()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		if err == nil {
			t.Error("found on a platform that it is not ported to")
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		again, err := GoidOffset()
		if err != nil || again != offset {
			t.Fatalf("%d, %v; first it was %d", again, err, offset)
		}
	}
	t.Log("offset", offset)
}
