// Buildtimes compares how long the go command takes for the C core of two trees.
//
//	go run ./tools/buildtimes [-rounds n] [-every n] OLD NEW
//
// OLD and NEW are two checkouts; they are copied, and stay as they are. The core is
// built cold, in turns: all of its C files have changed, everything else is in the
// cache. Then each C file of NEW (with -every n, each n-th) changes alone, beside one
// of OLD: the object changes too, so that the packages above are built anew. Figures
// are processor time and time by the clock, each as the median of NEW's ratios to OLD's
// in the same turn. They say nothing on a machine that does something else meanwhile.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 5, "cold builds of each tree")
	every := flag.Int("every", 1, "change each n-th C `file` of NEW alone")
	flag.Parse()
	if flag.NArg() != 2 || *rounds < 1 || *every < 1 {
		fmt.Fprintln(os.Stderr, "usage: buildtimes [-rounds n] [-every n] OLD NEW")
		os.Exit(2)
	}
	if err := compare(flag.Arg(0), flag.Arg(1), *rounds, *every); err != nil {
		fmt.Fprintln(os.Stderr, "buildtimes:", err)
		os.Exit(1)
	}
}

func compare(oldDir, newDir string, rounds, every int) error {
	dir, err := os.MkdirTemp("", "buildtimes")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	before, err := openTree(oldDir, filepath.Join(dir, "old"))
	if err != nil {
		return err
	}
	after, err := openTree(newDir, filepath.Join(dir, "new"))
	if err != nil {
		return err
	}

	var cold ratios
	for range rounds {
		if err := cold.turn(before, before.files, after, after.files); err != nil {
			return err
		}
	}
	cold.print(os.Stdout, fmt.Sprintf("cold build (%d turns)", rounds))

	var all ratios
	floors, order := map[string]*ratios{}, []string{}
	for i := 0; i < len(after.files); i += every {
		file := after.files[i]
		floor := filepath.Base(filepath.Dir(file))
		if floors[floor] == nil {
			floors[floor] = &ratios{}
			order = append(order, floor)
		}
		one := floors[floor]
		if err := one.turn(before, []string{before.files[i%len(before.files)]}, after, []string{file}); err != nil {
			return err
		}
		all.add(one.last())
	}
	all.print(os.Stdout, fmt.Sprintf("rebuild after one changed file (%d files)", len(all.cpu)))
	for _, floor := range order {
		floors[floor].print(os.Stdout, fmt.Sprintf("  in %s (%d)", floor, len(floors[floor].cpu)))
	}
	return nil
}

// A tree is a copy of a checkout.
type tree struct {
	dir     string
	files   []string // of C, in the core
	changes int
}

func openTree(from, to string) (*tree, error) {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return nil, err
	}
	t := &tree{dir: to}
	for _, pattern := range []string{"native/*.c", "native/*/*.c"} {
		files, err := filepath.Glob(filepath.Join(to, pattern))
		if err != nil {
			return nil, err
		}
		t.files = append(t.files, files...)
	}
	if len(t.files) == 0 {
		return nil, fmt.Errorf("no C files in %s/native", from)
	}
	_, err := t.build() // what is not the core's comes into the cache
	return t, err
}

// change gives files another object.
func (t *tree) change(files ...string) error {
	for _, file := range files {
		t.changes++
		f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("epi_buildtimes_%d_%d", os.Getpid(), t.changes)
		_, err = fmt.Fprintf(f, "\nextern const int %s;\nconst int %s = %d;\n", name, name, t.changes)
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A cost is that of one build.
type cost struct{ cpu, clock time.Duration }

func (t *tree) build() (cost, error) {
	cmd := exec.Command("go", "build", "./native/...", "./cgo")
	cmd.Dir = t.dir
	cmd.Env = append(cmd.Environ(), "GOWORK=off", "GOFLAGS=")
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return cost{}, fmt.Errorf("%v in %s: %w\n%s", cmd, t.dir, err, out)
	}
	return cost{cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), time.Since(began)}, nil
}

// ratios are NEW's costs beside OLD's, a turn each.
type ratios struct {
	cpu, clock  []float64
	before, now []cost
}

// turn changes files of both trees, and builds one after the other.
func (r *ratios) turn(before *tree, oldFiles []string, after *tree, newFiles []string) error {
	if err := before.change(oldFiles...); err != nil {
		return err
	}
	if err := after.change(newFiles...); err != nil {
		return err
	}
	a, err := before.build()
	if err != nil {
		return err
	}
	b, err := after.build()
	if err != nil {
		return err
	}
	r.add(a, b)
	return nil
}

func (r *ratios) add(before, now cost) {
	r.before, r.now = append(r.before, before), append(r.now, now)
	r.cpu = append(r.cpu, float64(now.cpu)/float64(before.cpu))
	r.clock = append(r.clock, float64(now.clock)/float64(before.clock))
}

// last gives the costs of the last turn.
func (r *ratios) last() (before, now cost) {
	return r.before[len(r.before)-1], r.now[len(r.now)-1]
}

func (r *ratios) print(w *os.File, what string) {
	cpu := func(c cost) float64 { return c.cpu.Seconds() }
	fmt.Fprintf(w, "%-45s processor time %5.2f s to %5.2f s, %.2f of it; by the clock %.2f\n", what,
		median(seconds(r.before, cpu)), median(seconds(r.now, cpu)), median(r.cpu), median(r.clock))
}

func seconds(costs []cost, of func(cost) float64) []float64 {
	var list []float64
	for _, c := range costs {
		list = append(list, of(c))
	}
	return list
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
