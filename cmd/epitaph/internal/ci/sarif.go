package ci

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/epitaph-go/epitaph/report"
)

// The objects of SARIF 2.1.0 that are needed here.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		URI   string      `json:"informationUri"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID    string    `json:"id"`
		Short sarifText `json:"shortDescription"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations,omitempty"`
		Stacks       []sarifStack      `json:"stacks,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Properties   map[string]string `json:"properties"`
	}
	sarifStack struct {
		Message sarifText    `json:"message"`
		Frames  []sarifFrame `json:"frames"`
	}
	sarifFrame struct {
		Location sarifLocation `json:"location"`
		Module   string        `json:"module,omitempty"`
		Thread   int           `json:"threadId,omitempty"`
	}
	sarifLocation struct {
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI  string `json:"uri"`
		Base string `json:"uriBaseId,omitempty"`
	}
	sarifRegion struct {
		Line int `json:"startLine"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
)

// SARIF writes the crashes: a rule for each kind of cause, and a fingerprint by which a
// service knows a crash again.
func SARIF(w io.Writer, r *Results, places *Places) error {
	run := sarifRun{Tool: sarifTool{sarifDriver{Name: "epitaph", URI: "https://github.com/epitaph-go/epitaph", Rules: []sarifRule{}}}, Results: []sarifResult{}}
	for _, c := range r.Crashes() {
		kind := c.Kind()
		if !slices.ContainsFunc(run.Tool.Driver.Rules, func(rule sarifRule) bool { return rule.ID == kind }) {
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{kind, sarifText{"The process ended by " + kind}})
		}
		run.Results = append(run.Results, places.result(c))
	}
	text, err := json.MarshalIndent(&sarifLog{
		"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run},
	}, "", " ")
	if err != nil {
		return fmt.Errorf("ci: %w", err)
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

func (p *Places) result(c Crash) sarifResult {
	res := sarifResult{
		RuleID: c.Kind(), Level: "error", Message: sarifText{c.Summary()},
		Fingerprints: map[string]string{"epitaphSignature/1": c.Signature()},
		Properties:   map[string]string{"test": c.Name()},
	}
	if file, line, ok := p.of(c.Report); ok {
		res.Locations = []sarifLocation{{Physical: &sarifPhysical{sarifArtifact{relativeURI(file), "%SRCROOT%"}, &sarifRegion{line}}}}
	}
	stack := sarifStack{Message: sarifText{"the stack of the crash"}}
	for _, f := range c.Calls() {
		stack.Frames = append(stack.Frames, p.frame(c.Report, f))
	}
	if len(stack.Frames) > 0 {
		res.Stacks = []sarifStack{stack}
	}
	return res
}

func (p *Places) frame(r *report.Report, f report.Frame) sarifFrame {
	v := sarifFrame{Module: path.Base(f.Module), Location: sarifLocation{Logical: []sarifLogical{{f.Name(), "function"}}}}
	if f.Module == "" {
		v.Module = ""
	}
	if t := r.Current(); t != nil {
		v.Thread = t.TID()
	}
	if f.File == "" {
		return v
	}
	at := sarifArtifact{URI: relativeURI(f.File)}
	if rel, ok := p.Relative(f.File); ok {
		at = sarifArtifact{relativeURI(rel), "%SRCROOT%"}
	} else if strings.HasPrefix(f.File, "/") {
		at.URI = (&url.URL{Scheme: "file", Path: f.File}).String()
	}
	v.Location.Physical = &sarifPhysical{Artifact: at}
	if f.Line > 0 {
		v.Location.Physical.Region = &sarifRegion{f.Line}
	}
	return v
}

func relativeURI(file string) string { return (&url.URL{Path: file}).EscapedPath() }
