// The cases in Go, with go-sql-driver/mysql on database/sql.
package main

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

var port, user, password, database, localFile, mode string

func dsn(name, secret, schema, more string) string {
	text := fmt.Sprintf("%s:%s@tcp(127.0.0.1:%s)/%s?charset=utf8mb4&allowAllFiles=true&maxAllowedPacket=0%s", name, secret, port, schema, more)
	if strings.Contains(mode, "tls") {
		text += "&tls=unverified"
	}
	return text
}

func open(more string) *sql.Conn {
	pool, err := sql.Open("mysql", dsn(user, password, database, more))
	check(err)
	c, err := pool.Conn(context.Background())
	check(err)
	return c
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func describe(err error) string {
	if err == nil {
		return "no error"
	}
	var server *mysql.MySQLError
	if errors.As(err, &server) {
		return fmt.Sprintf("%d %s", server.Number, server.Message)
	}
	return err.Error()
}

func collect(result *sql.Rows) [][]string {
	found := [][]string{}
	columns, err := result.Columns()
	check(err)
	for result.Next() {
		values := make([]interface{}, len(columns))
		for i := range values {
			values[i] = new(interface{})
		}
		check(result.Scan(values...))
		row := []string{}
		for _, each := range values {
			switch value := (*each.(*interface{})).(type) {
			case []byte:
				row = append(row, "b:"+string(value))
			default:
				row = append(row, fmt.Sprintf("%T:%v", value, value))
			}
		}
		found = append(found, row)
	}
	return found
}

func query(c *sql.Conn, statement string, values ...interface{}) ([][]string, error) {
	result, err := c.QueryContext(context.Background(), statement, values...)
	if err != nil {
		return nil, err
	}
	defer result.Close()
	return collect(result), result.Err()
}

func rows(c *sql.Conn, statement string, values ...interface{}) [][]string {
	found, err := query(c, statement, values...)
	check(err)
	return found
}

func execute(c *sql.Conn, statement string, values ...interface{}) []int64 {
	result, err := c.ExecContext(context.Background(), statement, values...)
	check(err)
	affected, _ := result.RowsAffected()
	id, _ := result.LastInsertId()
	return []int64{affected, id}
}

func failure(c *sql.Conn, statement string) string {
	_, err := query(c, statement)
	return describe(err)
}

func later(statements ...string) chan bool {
	done := make(chan bool)
	c := open("")
	go func() {
		time.Sleep(400 * time.Millisecond)
		for _, statement := range statements {
			c.ExecContext(context.Background(), statement)
		}
		done <- true
	}()
	return done
}

func backendID(c *sql.Conn) string {
	return rows(c, "SELECT CAST(CONNECTION_ID() AS CHAR)")[0][0][2:]
}

const heavy = "SELECT COUNT(*) FROM numbers a, numbers b, numbers c, numbers d"

type list []interface{}

var cases = []struct {
	name string
	body func(c *sql.Conn) interface{}
}{
	{"connect", func(c *sql.Conn) interface{} {
		return list{rows(c, "SELECT 1, 'one', NULL, DATABASE()"), rows(c, "SHOW STATUS LIKE 'Ssl_cipher'")[0][1] != "b:"}
	}},
	{"wrong_password", func(c *sql.Conn) interface{} {
		pool, _ := sql.Open("mysql", dsn(user, "wrong", database, ""))
		return describe(pool.Ping())
	}},
	{"unknown_database", func(c *sql.Conn) interface{} {
		pool, _ := sql.Open("mysql", dsn(user, password, "no_such_database", ""))
		return describe(pool.Ping())
	}},
	{"ping", func(c *sql.Conn) interface{} { return describe(c.PingContext(context.Background())) }},
	{"types_text", func(c *sql.Conn) interface{} { return rows(c, "SELECT * FROM types ORDER BY id") }},
	{"types_prepared", func(c *sql.Conn) interface{} { return rows(c, "SELECT * FROM types WHERE id <= ? ORDER BY id", 3) }},
	{"types_time", func(c *sql.Conn) interface{} {
		return rows(open("&parseTime=true&loc=UTC"), "SELECT da, dt, ts FROM types WHERE id <= ? ORDER BY id", 3)
	}},
	{"column_types", func(c *sql.Conn) interface{} {
		result, err := c.QueryContext(context.Background(), "SELECT * FROM types")
		check(err)
		defer result.Close()
		types, err := result.ColumnTypes()
		check(err)
		found := list{}
		for _, each := range types {
			nullable, _ := each.Nullable()
			precision, scale, _ := each.DecimalSize()
			found = append(found, list{each.Name(), each.DatabaseTypeName(), nullable, precision, scale, each.ScanType().String()})
		}
		return found
	}},
	{"parameters", func(c *sql.Conn) interface{} {
		values := []interface{}{int64(-9223372036854775808), uint64(18446744073709551615), 1e-300, "-1.5", "2024-02-29",
			time.Date(2024, 2, 29, 1, 2, 3, 500000000, time.UTC), "😀'\\", []byte{0, 255}, nil}
		statement := "INSERT INTO types (bi, bu, d, de, da, dt, vc, vb, i) VALUES (?,?,?,?,?,?,?,?,?)"
		found := list{execute(c, statement, values...)[0], execute(open("&interpolateParams=true"), statement, values...)[0]}
		return append(found, rows(c, "SELECT bi, bu, d, de, da, dt, vc, HEX(vb), i FROM types ORDER BY id DESC LIMIT 2"))
	}},
	{"prepared_many_times", func(c *sql.Conn) interface{} {
		statement, err := c.PrepareContext(context.Background(), "SELECT n + ? FROM numbers WHERE n = ?")
		check(err)
		sum, one := 0.0, 0.0
		for n := 1; n <= 300; n++ {
			check(statement.QueryRow(n, n).Scan(&one))
			sum += one
		}
		return list{sum, describe(statement.Close())}
	}},
	{"streaming", func(c *sql.Conn) interface{} {
		result, err := c.QueryContext(context.Background(), "SELECT n FROM numbers ORDER BY n")
		check(err)
		result.Next()
		check(result.Close())
		return rows(c, "SELECT 1")
	}},
	{"many_rows", func(c *sql.Conn) interface{} {
		found := rows(c, "SELECT a.n, b.n, REPEAT('x', a.n % 300) FROM numbers a JOIN numbers b ON b.n <= 100 ORDER BY 1, 2")
		return list{len(found), fmt.Sprintf("%x", md5.Sum([]byte(fmt.Sprint(found))))}
	}},
	{"big_values", func(c *sql.Conn) interface{} {
		found := list{}
		for id, size := range []int{1<<24 - 40, 1<<24 - 2, 1<<24 - 1, 1 << 24, 1<<24 + 1, 1 << 25} {
			if id%2 == 0 {
				execute(c, "REPLACE INTO big VALUES (?, ?)", id, bytes.Repeat([]byte("v"), size))
			} else {
				execute(c, fmt.Sprintf("REPLACE INTO big VALUES (%d, '%s')", id, strings.Repeat("v", size)))
			}
			var back []byte
			check(c.QueryRowContext(context.Background(), "SELECT value FROM big WHERE id = ?", id).Scan(&back))
			found = append(found, list{size, len(back), fmt.Sprintf("%x", md5.Sum(back))})
		}
		return found
	}},
	{"multi_statements", func(c *sql.Conn) interface{} {
		c = open("&multiStatements=true")
		result, err := c.QueryContext(context.Background(), "SELECT 1; SELECT 2, 3; SELECT 4")
		check(err)
		found := list{collect(result)}
		for result.NextResultSet() {
			found = append(found, collect(result))
		}
		found = append(found, describe(result.Err()))
		check(result.Close())
		return append(found, rows(c, "SELECT 5"), execute(c, "INSERT INTO items (name) VALUES ('m1'); INSERT INTO items (name) VALUES ('m2')")[0])
	}},
	{"procedure", func(c *sql.Conn) interface{} {
		c = open("&multiStatements=true")
		execute(c, "SET @n = 5")
		result, err := c.QueryContext(context.Background(), "CALL double_it(?, @d, @n)", 21)
		check(err)
		found := list{collect(result)}
		for result.NextResultSet() {
			found = append(found, collect(result))
		}
		result.Close()
		return append(found, rows(c, "SELECT @d, @n"))
	}},
	{"cancel", func(c *sql.Conn) interface{} {
		patience, stop := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer stop()
		_, err := c.QueryContext(patience, "SELECT SLEEP(3)")
		return list{describe(err), describe(c.PingContext(context.Background())) != "no error"}
	}},
	{"kill_query", func(c *sql.Conn) interface{} {
		done := later("KILL QUERY " + backendID(c))
		found := failure(c, heavy)
		<-done
		return list{found, rows(c, "SELECT 1")}
	}},
	{"kill_connection", func(c *sql.Conn) interface{} {
		done := later("KILL " + backendID(c))
		found := failure(c, "SELECT SLEEP(20)")
		<-done
		_, err := query(c, "SELECT 1")
		return list{found, err == driver.ErrBadConn || err != nil, rows(open(""), "SELECT 1")}
	}},
	{"pool_survives_kill", func(c *sql.Conn) interface{} {
		pool, err := sql.Open("mysql", dsn(user, password, database, ""))
		check(err)
		pool.SetMaxOpenConns(1)
		var id int64
		check(pool.QueryRow("SELECT CONNECTION_ID()").Scan(&id))
		execute(c, fmt.Sprintf("KILL %d", id))
		time.Sleep(200 * time.Millisecond)
		var one int
		return list{describe(pool.QueryRow("SELECT 1").Scan(&one)), one}
	}},
	{"transactions", func(c *sql.Conn) interface{} {
		transaction, err := c.BeginTx(context.Background(), &sql.TxOptions{Isolation: sql.LevelSerializable})
		check(err)
		for _, statement := range []string{"INSERT INTO items (name) VALUES ('t1')", "SAVEPOINT s1", "INSERT INTO items (name) VALUES ('t2')", "ROLLBACK TO s1"} {
			_, err = transaction.Exec(statement)
			check(err)
		}
		check(transaction.Commit())
		transaction, err = c.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true})
		check(err)
		_, err = transaction.Exec("DELETE FROM items")
		check(transaction.Rollback())
		return list{rows(c, "SELECT name FROM items WHERE name LIKE 't_'"), describe(err), failure(c, "ROLLBACK TO nowhere")}
	}},
	{"deadlock", func(c *sql.Conn) interface{} {
		execute(c, "BEGIN")
		execute(c, "UPDATE items SET amount = amount + 1 WHERE id = 2")
		done := later("BEGIN", "UPDATE items SET amount = amount + 1 WHERE id = 1", "INSERT INTO items (name) SELECT CONCAT('d', n) FROM numbers",
			"UPDATE items SET amount = 0 WHERE id = 2", "ROLLBACK")
		time.Sleep(2 * time.Second)
		found := failure(c, "UPDATE items SET amount = amount + 1 WHERE id = 1")
		execute(c, "ROLLBACK")
		<-done
		return found
	}},
	{"errors", func(c *sql.Conn) interface{} {
		found := list{}
		for _, statement := range []string{"INSERT INTO items (name) VALUES ('one')", "SELEC 1", "SELECT * FROM no_such_table",
			"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'eigener Fehler: ä', MYSQL_ERRNO = 3333", ";", "", "DROP TABLE mysql.user"} {
			found = append(found, failure(c, statement))
		}
		_, err := c.PrepareContext(context.Background(), "SELECT * FROM no_such_table WHERE a = ?")
		return append(found, describe(err))
	}},
	{"warnings", func(c *sql.Conn) interface{} {
		return list{execute(c, "INSERT IGNORE INTO items (id, name) VALUES (1, 'one'), (77, REPEAT('w', 200))"), rows(c, "SHOW WARNINGS")}
	}},
	{"row_counts", func(c *sql.Conn) interface{} {
		found := list{}
		for _, statement := range []string{"INSERT INTO items (id, name) VALUES (101, 'r1'), (102, 'r2')", "UPDATE items SET amount = 1 WHERE name LIKE 'r_'",
			"UPDATE items SET amount = 1 WHERE name LIKE 'r_'", "DELETE FROM items WHERE name LIKE 'r_'"} {
			found = append(found, execute(c, statement))
		}
		return append(found, execute(open("&clientFoundRows=true"), "UPDATE items SET amount = amount WHERE id < 3"))
	}},
	{"unicode", func(c *sql.Conn) interface{} {
		for _, word := range []string{"ä ö ü ß", "😀👍🏽", "日本語", "a\x00b"} {
			execute(c, "INSERT INTO words (word) VALUES (?)", word)
		}
		return list{rows(c, "SELECT word, HEX(word), CHAR_LENGTH(word) FROM words ORDER BY id"),
			rows(open("&collation=latin1_german1_ci"), "SELECT @@character_set_client, @@collation_connection")}
	}},
	{"load_data_local", func(c *sql.Conn) interface{} {
		found := list{execute(c, "LOAD DATA LOCAL INFILE '"+localFile+"' INTO TABLE loaded FIELDS TERMINATED BY ','")[0]}
		found = append(found, failure(c, "LOAD DATA LOCAL INFILE '/no/such/file' INTO TABLE loaded"))
		return append(found, rows(c, "SELECT COUNT(*), SUM(a), MAX(b) FROM loaded"))
	}},
	{"session_variables", func(c *sql.Conn) interface{} {
		return rows(open("&sql_mode=%27ANSI_QUOTES%27&time_zone=%27%2B03%3A00%27"), "SELECT @@sql_mode, @@time_zone")
	}},
	{"show_proxysession", func(c *sql.Conn) interface{} { return len(rows(c, "SHOW PROXYSESSION")[0]) == 13 }},
	{"show_proxysession_prepared", func(c *sql.Conn) interface{} {
		statement, err := c.PrepareContext(context.Background(), "SHOW PROXYSESSION")
		check(err)
		result, err := statement.Query()
		check(err)
		return len(collect(result)[0]) == 13
	}},
	{"kill_proxysession", func(c *sql.Conn) interface{} {
		victim := open("")
		id := backendID(victim)
		killed := execute(c, "KILL PROXYSESSION "+id)[0]
		_, err := query(victim, "SELECT 1")
		return list{killed, err != nil, failure(c, "KILL PROXYSESSION "+id)}
	}},
}

func run(body func(c *sql.Conn) interface{}) (result string) {
	defer func() {
		if trouble := recover(); trouble != nil {
			result = fmt.Sprintf("raised %v", trouble)
		}
	}()
	text, err := json.Marshal(body(open("")))
	check(err)
	return string(text)
}

func main() {
	port, user, password, database, localFile, mode = os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5], os.Args[6]
	mysql.SetLogger(quiet{})
	mysql.RegisterTLSConfig("unverified", &tls.Config{InsecureSkipVerify: true})
	for _, each := range cases {
		fmt.Println(strings.ReplaceAll(each.name+": "+run(each.body), "\n", "\\n"))
	}
}

type quiet struct{}

func (quiet) Print(...interface{}) {}
