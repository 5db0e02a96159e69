//go:build hosts && linux && amd64 && cgo

// Sqlite is the program around SQLite, which mattn/go-sqlite3 compiles into it. A query calls a
// function in Go, which crashes in C; so a stack has C, Go, C, Go in it.
package main

import (
	"database/sql"

	"github.com/mattn/go-sqlite3"

	"github.com/epitaph-go/epitaph/internal/victim/scenario"
	"github.com/epitaph-go/epitaph/tests/hosts/host"
)

func main() { host.Main(&base{}) }

type base struct{ db *sql.DB }

func (b *base) Start(string) (err error) {
	sql.Register("host", &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		return c.RegisterFunc("crash", func(kind string) int {
			host.Crash(kind)
			return 0
		}, false)
	}})
	if b.db, err = sql.Open("host", ":memory:"); err != nil {
		return err
	}
	b.db.SetMaxOpenConns(1) // each has a memory of its own
	_, err = b.db.Exec("create table t (id integer primary key, name text, size integer)")
	return err
}

// Work fills a table, asks it, and empties it.
func (b *base) Work() (sum int64) {
	tx, err := b.db.Begin()
	scenario.Must(err)
	insert, err := tx.Prepare("insert into t (name, size) values (?, ?)")
	scenario.Must(err)
	for i := range 2000 {
		_, err := insert.Exec("name", i%97)
		scenario.Must(err)
	}
	scenario.Must(insert.Close())
	scenario.Must(tx.Commit())
	rows, err := b.db.Query("select size, count(*) from t where name like 'n%' group by size order by size")
	scenario.Must(err)
	for rows.Next() {
		var size, n int64
		scenario.Must(rows.Scan(&size, &n))
		sum += size * n
	}
	scenario.Must(rows.Close())
	_, err = b.db.Exec("delete from t")
	scenario.Must(err)
	return sum
}

func (b *base) Crash(place, kind string) {
	ask := func() {
		var n int
		scenario.Must(b.db.QueryRow("select crash(?)", kind).Scan(&n))
	}
	if place == "thread" { // one of Go's: SQLite has none
		done := make(chan bool)
		go func() { ask(); close(done) }()
		<-done
	}
	ask()
}
