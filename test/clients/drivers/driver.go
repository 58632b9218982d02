// go-sql-driver/mysql on database/sql, driven over its standard input: see ../driven.py for what is said there.
package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/go-sql-driver/mysql"
)

type table [][]interface{}

var (
	always     = context.Background()
	pool       *sql.DB
	connection *sql.Conn
	statements map[string]*sql.Stmt
)

func text(value interface{}) string { return value.(string) }

func collect(result *sql.Rows, err error) (table, error) {
	if err != nil {
		return nil, err
	}
	defer result.Close()
	found := table{}
	columns, err := result.Columns()
	for err == nil && result.Next() {
		values, places := make([]interface{}, len(columns)), make([]interface{}, len(columns))
		for i := range values {
			places[i] = &values[i]
		}
		err = result.Scan(places...)
		for i, value := range values {
			if bytes, isBytes := value.([]byte); isBytes && utf8.Valid(bytes) {
				values[i] = string(bytes)
			} else if isBytes {
				values[i] = "hex:" + hex.EncodeToString(bytes)
			} else if value != nil {
				values[i] = fmt.Sprint(value)
			}
		}
		found = append(found, values)
	}
	if err == nil {
		err = result.Err()
	}
	return found, err
}

func connect(values []interface{}) (err error) {
	source := fmt.Sprintf("%s:%s@tcp(127.0.0.1:%d)/%s?charset=utf8mb4&readTimeout=60s&maxAllowedPacket=0", text(values[1]), text(values[2]),
		int(values[0].(float64)), text(values[3]))
	if strings.Contains(text(values[4]), "tls") {
		source += "&tls=skip-verify"
	}
	statements = map[string]*sql.Stmt{}
	if pool, err = sql.Open("mysql", source); err == nil {
		connection, err = pool.Conn(always)
	}
	return err
}

// Numbers without a fraction as integers: JSON knows one kind.
func parameters(values []interface{}) []interface{} {
	made := []interface{}{}
	for _, value := range values {
		if number, isNumber := value.(float64); isNumber {
			value = int64(number)
		}
		made = append(made, value)
	}
	return made
}

var operations = map[string]func(values []interface{}) (table, error){
	"connect": func(values []interface{}) (table, error) { return table{}, connect(values) },
	"query": func(values []interface{}) (table, error) {
		return collect(connection.QueryContext(always, text(values[0])))
	},
	"prepare": func(values []interface{}) (table, error) {
		made, err := connection.PrepareContext(always, text(values[1]))
		statements[text(values[0])] = made
		return table{}, err
	},
	"execute": func(values []interface{}) (table, error) {
		return collect(statements[text(values[0])].QueryContext(always, parameters(values[1:])...))
	},
	"close": func(values []interface{}) (table, error) {
		err := statements[text(values[0])].Close()
		delete(statements, text(values[0]))
		return table{}, err
	},
	"ping": func([]interface{}) (table, error) { return table{}, connection.PingContext(always) },
	"quit": func([]interface{}) (table, error) {
		connection.Close()
		return table{}, pool.Close()
	},
}

func main() {
	out := json.NewEncoder(os.Stdout)
	names := []string{}
	for name := range operations {
		names = append(names, name)
	}
	out.Encode(map[string]interface{}{"operations": names})
	mysql.SetLogger(quiet{})
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var request []interface{}
		if json.Unmarshal(line, &request) != nil {
			return
		}
		found, err := operations[text(request[0])](request[1:])
		var server *mysql.MySQLError
		if errors.As(err, &server) {
			out.Encode(map[string]interface{}{"error": []interface{}{server.Number, server.Message}})
		} else if err != nil {
			out.Encode(map[string]interface{}{"lost": err.Error()})
		} else {
			out.Encode(map[string]interface{}{"rows": found})
		}
	}
}

type quiet struct{}

func (quiet) Print(...interface{}) {}
