package otel

import (
	"encoding/binary"
	"math"
)

// The wire format of protocol buffers (protobuf.dev/programming-guides/encoding): a field
// is its number and type in a varint, then a varint, eight bytes, or a length and bytes.
// Nine messages do not need a library for it.
const (
	varint   = 0
	fixed64  = 1
	counted  = 2
	typeBits = 3
)

// Protobuf returns the request for the Content-Type application/x-protobuf, which every
// server of OTLP takes.
func (q *Request) Protobuf() []byte {
	var b []byte
	for _, r := range q.logs {
		b = appendBytes(b, 1, r.protobuf())
	}
	return b
}

func (r *resourceLogs) protobuf() []byte {
	var attributes []byte
	for _, a := range r.Resource.Attributes {
		attributes = appendBytes(attributes, 1, a.protobuf())
	}
	b := appendBytes(nil, 1, attributes)
	for _, s := range r.ScopeLogs {
		logs := appendBytes(nil, 1, appendBytes(nil, 1, []byte(s.Scope.Name)))
		for _, rec := range s.Records {
			logs = appendBytes(logs, 2, rec.protobuf())
		}
		b = appendBytes(b, 2, logs)
	}
	return b
}

func (r *logRecord) protobuf() []byte {
	b := appendFixed(nil, 1, r.Time)
	b = binary.AppendUvarint(appendTag(b, 2, varint), uint64(r.SeverityNumber))
	b = appendBytes(b, 3, []byte(r.SeverityText))
	b = appendBytes(b, 5, r.Body.protobuf())
	for _, a := range r.Attributes {
		b = appendBytes(b, 6, a.protobuf())
	}
	return b
}

func (a *attr) protobuf() []byte {
	return appendBytes(appendBytes(nil, 1, []byte(a.Key)), 2, a.Value.protobuf())
}

func (v *value) protobuf() []byte {
	switch {
	case v.String != nil:
		return appendBytes(nil, 1, []byte(*v.String))
	case v.Bool != nil:
		n := uint64(0)
		if *v.Bool {
			n = 1
		}
		return binary.AppendUvarint(appendTag(nil, 2, varint), n)
	case v.Int != nil:
		return binary.AppendUvarint(appendTag(nil, 3, varint), uint64(*v.Int))
	case v.Double != nil:
		return appendFixed(nil, 4, math.Float64bits(*v.Double))
	}
	return nil
}

func appendTag(b []byte, field, kind uint64) []byte {
	return binary.AppendUvarint(b, field<<typeBits|kind)
}

func appendBytes(b []byte, field uint64, data []byte) []byte {
	b = binary.AppendUvarint(appendTag(b, field, counted), uint64(len(data)))
	return append(b, data...)
}

func appendFixed(b []byte, field, v uint64) []byte {
	return binary.LittleEndian.AppendUint64(appendTag(b, field, fixed64), v)
}
