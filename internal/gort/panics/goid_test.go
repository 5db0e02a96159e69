package panics

import (
	"runtime"
	"testing"
)

func TestFindGoid(t *testing.T) {
	offset, err := FindGoid()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		if err == nil {
			t.Error("found on a platform that it is not ported to")
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		again, err := FindGoid()
		if err != nil || again != offset {
			t.Fatalf("%d, %v; first it was %d", again, err, offset)
		}
	}
	t.Log("offset", offset)
}
