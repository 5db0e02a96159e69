// Package calls holds lines for the tests of carets: what a frame on a line was
// doing, by the function that it called or the error that it raised.
package calls

import "fmt"

func chain(t *T) {
	t.
		A().
		B(
			1,
		)
	t.A().B(g(2))
	_ = g(1) + g(2)
	_ = fmt.Sprint(g(1))
	return
}

func operations(a []int, m map[string]int, p *T, e any, c chan int, i int) int {
	_ = a[i]
	_ = a[a[i]]
	_ = a[i:]
	_ = 10 / i
	_ = 10/i + 20%i
	i /= 2
	_ = *p.n
	_ = p.n
	_ = fmt.Sprint(p.n)
	_ = e.(string)
	m["a"] = a[0]
	c <- 1
	close(c)
	_ = 1 << i
	_ = make([]int, i)
	_ = [4]int(a)
	return a[i] // 5 / i
}

func literals(f func(), s *T) {
	f()
	func() {
		g(1)
	}()
	s.hook("名前", g(3))
	list := Map[int](nil, func(i int) int {
		x := i

		y := x

		return g(y)
	})
	defer s.A()
	if x := g(len(list)); x > 1 {
		panic("far")
	}
	x := g(1)
	return
	_ = []byte("x")
}

func convert(a []int, i int) int {
	return [4]int(a)[i]
}
