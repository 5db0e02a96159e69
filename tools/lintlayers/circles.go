package main

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// A graph has for each node those that it needs, with a reason for each.
type graph map[string]map[string]string

func (g graph) add(from, to, why string) {
	if from == to {
		return
	}
	if g[from] == nil {
		g[from] = map[string]string{}
	}
	if _, known := g[from][to]; !known || g[from][to] == "" {
		g[from][to] = why
	}
}

// checkCircles looks for circles of files in each folder.
func (t *tree) checkCircles() {
	for _, d := range t.ordered() {
		g := t.graphOf(d)
		for _, circle := range g.circles() {
			var arrows []string
			for _, from := range circle {
				for _, to := range slices.Sorted(maps.Keys(g[from])) {
					if slices.Contains(circle, to) {
						arrows = append(arrows, strings.TrimSpace(from+" needs "+to+" "+g[from][to]))
					}
				}
			}
			t.report("circle", d.name+" "+strings.Join(circle, " "), filepath.Join(t.dir, d.name), 1,
				"a circle of files:\n\t%s", strings.Join(arrows, "\n\t"))
		}
	}
}

// graphOf gives the graph of a folder's files. A header and the C file that it speaks
// for are two: who includes NAME.h needs its types, and not NAME.c.
func (t *tree) graphOf(d *folder) graph {
	g := graph{}
	for _, f := range d.files {
		for _, include := range f.Includes {
			if header, _ := t.included(f, include.Path); header != nil && header.folder == d {
				g.add(f.name, header.name, "")
			}
		}
		for _, s := range t.symbols[f.Path] {
			if definers := t.definers[s.Name]; s.Undefined() && len(definers) > 0 && definers[0].folder == d {
				g.add(f.name, definers[0].name, s.Name)
			}
		}
	}
	return g
}

// circles gives the strongly connected components of more than one node (Tarjan's
// algorithm), each in the order of names.
func (g graph) circles() [][]string {
	var (
		result  [][]string
		stack   []string
		index   = map[string]int{}
		low     = map[string]int{}
		onStack = map[string]bool{}
		visit   func(string)
	)
	visit = func(node string) {
		index[node] = len(index) + 1
		low[node] = index[node]
		stack = append(stack, node)
		onStack[node] = true
		for _, next := range slices.Sorted(maps.Keys(g[node])) {
			if index[next] == 0 {
				visit(next)
				low[node] = min(low[node], low[next])
			} else if onStack[next] {
				low[node] = min(low[node], index[next])
			}
		}
		if low[node] != index[node] {
			return
		}
		at := slices.Index(stack, node)
		component := slices.Clone(stack[at:])
		stack = stack[:at]
		for _, n := range component {
			onStack[n] = false
		}
		if len(component) > 1 {
			slices.Sort(component)
			result = append(result, component)
		}
	}
	for _, node := range slices.Sorted(maps.Keys(g)) {
		if index[node] == 0 {
			visit(node)
		}
	}
	return result
}
