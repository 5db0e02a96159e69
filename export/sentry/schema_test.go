package sentry_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// published are the objects of Sentry's published schema (relay/event.schema.json of
// getsentry/sentry-data-schemas), as far as an event of a report has them: the names that
// there are, each with its type. An object has no other names. "!" marks those that there must
// be, "[X]" is a list of X, "{X}" an object with the list "values", "map" any object.
//
// One name is not in the schema, since clients rarely set it, but is read by the server
// (Frame in relay-event-schema/src/protocol/stacktrace.rs): a frame's trust.
var published = map[string]map[string]string{
	"Event": {
		"breadcrumbs": "{Breadcrumb}", "contexts": "Contexts", "culprit": "string", "debug_meta": "DebugMeta", "dist": "string",
		"environment": "string", "event_id": "string", "exception": "{Exception}", "extra": "map", "fingerprint": "[string]",
		"level": "Level", "logentry": "LogEntry", "logger": "string", "modules": "map", "platform": "string", "release": "string",
		"sdk": "ClientSdkInfo", "server_name": "string", "tags": "strings", "threads": "{Thread}", "timestamp": "string",
		"transaction": "string", "type": "string", "user": "map", "version": "string",
	},
	"LogEntry":      {"formatted": "string", "message": "string", "params": "map"},
	"ClientSdkInfo": {"name": "string!", "version": "string!", "features": "[string]", "integrations": "[string]", "packages": "map"},
	"Breadcrumb": {
		"category": "string", "data": "map", "event_id": "string", "level": "Level", "message": "string", "timestamp": "string", "type": "string",
	},
	"Exception": {
		"mechanism": "Mechanism", "module": "string", "stacktrace": "Stacktrace", "thread_id": "id", "type": "string", "value": "string",
	},
	"Mechanism": {
		"data": "map", "description": "string", "exception_id": "number", "handled": "bool", "help_link": "string", "is_exception_group": "bool",
		"meta": "MechanismMeta", "parent_id": "number", "source": "string", "synthetic": "bool", "type": "string!",
	},
	"MechanismMeta": {"errno": "map", "mach_exception": "map", "ns_error": "map", "signal": "PosixSignal"},
	"PosixSignal":   {"code": "number", "code_name": "string", "name": "string", "number": "number"},
	"Stacktrace": {
		"frames": "[Frame]", "instruction_addr_adjustment": "string", "lang": "string", "registers": "strings", "snapshot": "bool",
	},
	"Frame": {
		"abs_path": "string", "addr_mode": "string", "colno": "number", "context_line": "string", "filename": "string", "function": "string",
		"function_id": "address", "image_addr": "address", "in_app": "bool", "instruction_addr": "address", "lineno": "number", "lock": "map",
		"module": "string", "package": "string", "platform": "string", "post_context": "[string]", "pre_context": "[string]",
		"raw_function": "string", "stack_start": "bool", "symbol": "string", "symbol_addr": "address", "vars": "map", "trust": "string",
	},
	"Thread": {
		"crashed": "bool", "current": "bool", "held_locks": "map", "id": "id", "main": "bool", "name": "string", "stacktrace": "Stacktrace", "state": "string",
	},
	"DebugMeta": {"images": "[NativeDebugImage]", "sdk_info": "map"},
	"NativeDebugImage": {
		"type": "string!", "arch": "string", "code_file": "string!", "code_id": "string", "debug_checksum": "string", "debug_file": "string",
		"debug_id": "string!", "image_addr": "address", "image_size": "number", "image_vmaddr": "address",
	},
	// The last two are Epitaph's own; contexts that Sentry does not know may have anything.
	"Contexts": {"app": "App", "device": "Device", "os": "OS", "runtime": "Runtime", "annotations": "map", "epitaph": "map"},
	"Device":   {"arch": "string", "name": "string", "memory_size": "number"}, // of some fifty
	"OS": {
		"build": "string", "kernel_version": "string", "name": "string", "raw_description": "string", "rooted": "bool", "version": "string",
	},
	"App": {
		"app_build": "string", "app_identifier": "string", "app_memory": "number", "app_name": "string", "app_start_time": "string", "app_version": "string",
	},
	"Runtime": {"build": "string", "name": "string", "raw_description": "string", "version": "string"},
}

// conforms returns what of a value is not as a type has it.
func conforms(at, kind string, v any) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, at+": "+fmt.Sprintf(format, args...)) }
	s, isString := v.(string)
	list, isList := v.([]any)
	m, isMap := v.(map[string]any)
	names, isObject := published[kind]
	ok := false
	switch {
	case isObject:
		if ok = isMap; !ok {
			break
		}
		for name, of := range names {
			value, has := m[name]
			if !has && strings.HasSuffix(of, "!") {
				fault("has no %s", name)
			} else if has {
				faults = append(faults, conforms(at+"."+name, strings.TrimSuffix(of, "!"), value)...)
			}
		}
		for name := range m {
			if names[name] == "" {
				fault("has %s", name)
			}
		}
	case kind[0] == '{':
		if ok = isMap && len(m) == 1 && m["values"] != nil; ok {
			faults = conforms(at, "["+kind[1:len(kind)-1]+"]", m["values"])
		}
	case kind[0] == '[':
		ok = isList
		for i, e := range list {
			faults = append(faults, conforms(fmt.Sprintf("%s[%d]", at, i), kind[1:len(kind)-1], e)...)
		}
	case kind == "strings":
		ok = isMap
		for name, e := range m {
			faults = append(faults, conforms(at+"."+name, "string", e)...)
		}
	case kind == "Level":
		ok = slices.Contains([]string{"debug", "info", "warning", "error", "fatal"}, s)
	case kind == "address":
		ok = strings.HasPrefix(s, "0x")
	case kind == "map":
		ok = isMap
	case kind == "string":
		ok = isString
	case kind == "bool":
		_, ok = v.(bool)
	case kind == "number":
		_, ok = v.(float64)
	case kind == "id":
		_, number := v.(float64)
		ok = number || isString
	}
	if !ok {
		fault("%v is no %s", v, kind)
	}
	return faults
}

// TestPublishedSchema: the envelopes of all reports have no name that Sentry's schema has
// not, and none of another type. An exception names one thread, in that thread's own type,
// and has its stack.
func TestPublishedSchema(t *testing.T) {
	for _, name := range all(t) {
		_, text := payload(t, read(t, name))
		var event map[string]any
		if err := json.Unmarshal(text, &event); err != nil {
			t.Fatal(err)
		}
		for _, fault := range conforms("event", "Event", event) {
			t.Errorf("%s: %s", name, fault)
		}
		connected(t, name, event)
	}
}

func connected(t *testing.T, name string, event map[string]any) {
	t.Helper()
	values := func(key string) (list []any) {
		if m, ok := event[key].(map[string]any); ok {
			list, _ = m["values"].([]any)
		}
		return list
	}
	for _, x := range values("exception") {
		x := x.(map[string]any)
		if x["thread_id"] == nil {
			continue
		}
		var is []map[string]any
		for _, v := range values("threads") {
			if v := v.(map[string]any); v["id"] == x["thread_id"] {
				is = append(is, v)
			}
		}
		if len(is) != 1 || (is[0]["stacktrace"] == nil) != (x["stacktrace"] != nil) {
			t.Errorf("%s: the threads %v are of the exception on thread %v", name, is, x["thread_id"])
		}
	}
}

// TestSchemaRefuses: the check is not one that takes anything.
func TestSchemaRefuses(t *testing.T) {
	for _, text := range []string{
		`[]`, `{"message": "x"}`, `{"exception": []}`, `{"exception": {"values": [{"mechanism": {}}]}}`, `{"level": "bad"}`,
		`{"debug_meta": {"images": [{"type": "elf", "code_file": "x"}]}}`, `{"sdk": {"name": "x"}}`, `{"tags": {"a": 1}}`,
		`{"threads": {"values": [{"id": "1", "stacktrace": {"frames": [{"lineno": "7"}]}}]}}`, `{"fingerprint": "x"}`,
		`{"threads": {"values": [{"stacktrace": {"frames": [{"instruction_addr": "12"}]}}]}}`,
	} {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		if len(conforms("event", "Event", v)) == 0 {
			t.Errorf("taken: %s", text)
		}
	}
}
