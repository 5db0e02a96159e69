package sentry

import (
	"encoding/hex"
	"fmt"

	"github.com/epitaph-go/epitaph/report"
)

type debugMeta struct {
	Images []image `json:"images"`
}

type image struct {
	Type      string `json:"type"`
	CodeFile  string `json:"code_file"`
	CodeID    string `json:"code_id,omitempty"`
	DebugID   string `json:"debug_id"`
	ImageAddr string `json:"image_addr"`
	ImageSize uint64 `json:"image_size"`
}

// images are the modules; Sentry finds their debug files by the ids.
func images(r *report.Report) *debugMeta {
	if len(r.Modules) == 0 {
		return nil
	}
	d := new(debugMeta)
	for _, m := range r.Modules {
		d.Images = append(d.Images, image{
			Type: "elf", CodeFile: m.Path, CodeID: m.BuildID, DebugID: debugID(m.BuildID),
			ImageAddr: hexOf(uint64(m.Start)), ImageSize: uint64(m.End - m.Start),
		})
	}
	return d
}

// debugID is the id by which Sentry knows a debug file: the first 16 bytes of the build-id
// as a GUID of Microsoft's, whose first three fields are little-endian. An image must have
// one; a module without a build-id has that of zeroes.
func debugID(buildID string) string {
	b, err := hex.DecodeString(buildID)
	if err != nil {
		b = nil
	}
	var id [16]byte
	copy(id[:], b)
	id[0], id[1], id[2], id[3] = id[3], id[2], id[1], id[0]
	id[4], id[5] = id[5], id[4]
	id[6], id[7] = id[7], id[6]
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
