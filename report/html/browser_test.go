//go:build unix

package html_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/epitaph-go/epitaph/report/html"
)

// TestBrowser looks at pages in Chromium, where it is installed: no request, no error,
// search, folding, both widths, both colours, and without script.
func TestBrowser(t *testing.T) {
	b := chromium(t)
	source := func(_ string, line int) (string, bool) {
		return fmt.Sprintf("\tif (x[%d] < y) { return f(a, b, c, \"a rather long line of source, to see that it does not make the page wider\"); }", line), true
	}
	t.Run("crash", func(t *testing.T) {
		b.t = t
		b.open(page(t, sample(t, "segv"), html.WithSource(source), html.WithName("segv.crash")))
		folding(b)
		search(b)
		layout(b)
		b.pictures("segv")
		accessible(b)
		b.quiet()
	})
	t.Run("every report", func(t *testing.T) {
		b.t = t
		for _, name := range []string{"now-null", "now-panic", "now-deadlock", "host", "real-stripped", "abort", "bare", "dump"} {
			b.open(page(t, sample(t, name), html.WithSource(source)))
			layout(b)
			b.pictures(name)
			accessible(b)
			b.quiet()
		}
	})
	t.Run("hostile", func(t *testing.T) {
		b.t = t
		b.open(page(t, parsed(t, hostile()), html.WithSource(func(string, int) (string, bool) { return "</pre><script>alert(1)</script>", true })))
		check(b, "document.scripts.length", 1)
		check(b, "document.querySelectorAll('img,iframe,object,embed,form,base,link').length", 0)
		check(b, "document.title.includes('owned') && !document.title.includes('<script>')", false)
		check(b, "[...document.querySelectorAll('*')].some(e => [...e.attributes].some(a => a.name.startsWith('on')))", false)
		layout(b)
		b.quiet()
	})
	t.Run("large", func(t *testing.T) {
		b.t = t
		b.open(page(t, parsed(t, goroutines(10_000, 1500))))
		find(b, "step0")
		check(b, "document.querySelectorAll('.g:not(.off)').length", 1)
		b.pictures("large")
		b.quiet()
	})
	t.Run("without script", func(t *testing.T) {
		b.t = t
		b.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
		b.open(page(t, sample(t, "segv"), html.WithSource(source)))
		check(b, "getComputedStyle(document.querySelector('.tools')).display", "none")
		folding(b)
		layout(b)
		b.quiet()
	})
}

// folding opens a group by a click on its line, and closes it.
func folding(b *browser) {
	b.t.Helper()
	const group = "document.querySelectorAll('#goroutines ~ .card .g')[1]"
	for _, want := range []bool{true, false} {
		var none bool
		b.eval(group+".querySelector('summary').click() === null", &none)
		check(b, group+".open", want)
		check(b, group+".querySelector('.f').checkVisibility()", want)
	}
	check(b, "document.querySelectorAll('#stack + .card > details.f[open]').length", 2)
}

// find writes into the search.
func find(b *browser, text string) {
	b.t.Helper()
	var none bool
	b.eval(fmt.Sprintf("(() => { const q = document.getElementById('q'); q.value = %q; q.dispatchEvent(new Event('input')); return true })()", text), &none)
}

func search(b *browser) {
	b.t.Helper()
	const (
		frames = "[...document.querySelectorAll('#stack + .card .f')].filter(e => e.checkVisibility()).length"
		groups = "[...document.querySelectorAll('#goroutines + .card > .g')].filter(e => e.checkVisibility()).length"
		open   = "document.querySelectorAll('main details[open]').length"
	)
	var before, all int
	b.eval(open, &before)
	b.eval(frames, &all)
	find(b, "CLAMP")
	check(b, frames, 1)
	check(b, groups, 0)
	find(b, "chan receive")
	check(b, frames, 0)
	check(b, groups, 1)
	check(b, "document.querySelector('#goroutines + .card > .g:not(.off)').open", true)
	check(b, "document.getElementById('n').textContent", "1 found")
	find(b, "no such function")
	check(b, "document.getElementById('n').textContent", "0 found")
	// The keys: Escape clears, a slash goes there.
	var none bool
	b.eval("dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}))", &none)
	check(b, frames, all)
	check(b, open, before)
	check(b, "document.getElementById('n').textContent", "")
	b.eval("dispatchEvent(new KeyboardEvent('keydown', {key: '/', cancelable: true}))", &none)
	check(b, "document.activeElement.id", "q")
}

// layout has the page no wider than its window, and its colours those of the system.
func layout(b *browser) {
	b.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int{1180, 520} {
			b.screen(width, scheme)
			check(b, "document.documentElement.scrollWidth <= innerWidth && innerWidth", width)
		}
		check(b, "getComputedStyle(document.body).backgroundColor", map[string]string{"light": "rgb(251, 250, 247)", "dark": "rgb(22, 24, 27)"}[scheme])
	}
}

// accessible runs axe-core over the page if EPITAPH_AXE names its file: no serious fault, in
// light and in dark, with everything open.
func accessible(b *browser) {
	b.t.Helper()
	path := os.Getenv("EPITAPH_AXE")
	if path == "" {
		return
	}
	axe, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	var none bool
	b.eval(string(axe)+"\ntrue", &none)
	b.eval("document.querySelectorAll('details').forEach(e => e.open = true) === undefined", &none)
	for _, scheme := range []string{"light", "dark"} {
		b.screen(1180, scheme)
		var faults []string
		b.eval(`axe.run().then(r => r.violations.filter(v => v.impact === 'serious' || v.impact === 'critical' || v.impact === 'moderate')
			.map(v => v.id + ': ' + v.nodes.slice(0, 4).map(n => n.html + ' ' + n.failureSummary).join(' | ')))`, &faults)
		for _, f := range faults {
			b.t.Errorf("axe, %s: %s", scheme, f)
		}
	}
}
