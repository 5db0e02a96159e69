package crashtest

import "math"

// An entry is a line of two stacks side by side: a call that is in both, in one of them,
// or that "..." stands for.
type entry struct {
	mark byte // ' ' in both, '-' wanted alone, '+' got alone, '.' for "..."
	item *item
	got  *frame
}

// align puts a pattern beside a stack, with the fewest differences. The stack fits if
// there are none. lines tells whether the stack has inlined calls at all.
//
// It is the usual table of edit distances: cost[i][j] is that of the items from i on and
// the calls from j on. "..." takes calls for next to nothing: of two ways with as many
// differences, the one that finds more of the wanted calls is the better.
func align(items []item, stack []frame, lines bool) (entries []entry, differences int) {
	n, m := len(items), len(stack)
	cost := make([][]int, n+1)
	for i := range cost {
		cost[i] = make([]int, m+1)
	}
	for i := n; i >= 0; i-- {
		for j := m; j >= 0; j-- {
			cost[i][j], _ = step(items, stack, cost, i, j, lines)
		}
	}
	for i, j := 0, 0; i < n || j < m; {
		_, mark := step(items, stack, cost, i, j, lines)
		switch mark {
		case ' ':
			entries = append(entries, entry{mark, &items[i], &stack[j]})
			i, j = i+1, j+1
		case '.', '+', 'o':
			if mark == 'o' {
				mark = '.' // left out of the pattern, as it may be
			}
			entries = append(entries, entry{mark, nil, &stack[j]})
			j++
		case '-':
			entries = append(entries, entry{mark, &items[i], nil})
			i++
		case 'x': // of no account: "..." that ends, or an inlined call that cannot be seen
			i++
		}
	}
	return entries, cost[0][0] / difference
}

// A difference costs more than all calls of a stack that "..." can take.
const difference = 1 << 12

// step is the best way on from a place of the table, and its cost.
func step(items []item, stack []frame, cost [][]int, i, j int, lines bool) (best int, mark byte) {
	best = math.MaxInt
	try := func(c int, m byte) {
		if c < best {
			best, mark = c, m
		}
	}
	if i == len(items) && j == len(stack) {
		return 0, 0
	}
	hasItem, hasCall := i < len(items), j < len(stack)
	if hasItem && hasCall && !items[i].any && items[i].matches(&stack[j]) {
		try(cost[i+1][j+1], ' ')
	}
	if hasItem && items[i].any {
		try(cost[i+1][j], 'x')
		if hasCall {
			try(cost[i][j+1]+1, '.')
		}
	}
	if hasItem && !items[i].any {
		if items[i].inlined && !lines {
			try(cost[i+1][j], 'x')
		}
		try(cost[i+1][j]+difference, '-')
	}
	if hasCall {
		if stack[j].optional {
			try(cost[i][j+1]+1, 'o')
		}
		try(cost[i][j+1]+difference, '+')
	}
	return best, mark
}
