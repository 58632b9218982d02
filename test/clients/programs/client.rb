# The cases in Ruby, with mysql2.
require 'digest'
require 'json'
require 'mysql2'

$port, $user, $password, $database, $local_file, $mode = ARGV

def connect(**given)
  settings = { host: '127.0.0.1', port: $port.to_i, username: $user, password: $password, database: $database,
               encoding: 'utf8mb4', local_infile: true, database_timezone: :utc, application_timezone: :utc }
  settings.merge!(ssl_mode: :required, sslverify: false, sslcipher: 'DEFAULT') if $mode.include?('tls')
  settings[:flags] = Mysql2::Client::COMPRESS if $mode.include?('compressed')
  Mysql2::Client.new(settings.merge(given))
end

def rows(client, statement)
  found = client.query(statement, as: :array)
  found ? found.to_a : client.affected_rows
end

def value(client, statement) = rows(client, statement)[0][0]

def failure
  yield
  'no error'
rescue Mysql2::Error => e
  "#{e.class} #{e.errno} #{e.sql_state} #{e.message}"
end

def later(*statements)
  other = connect
  Thread.new do
    sleep 0.4
    statements.each { |statement| other.query(statement) rescue nil }
    other.close
  end
end

CASES = {
  connect: ->(c) { [rows(c, "SELECT 1, 'one', NULL, DATABASE()"), rows(c, "SHOW STATUS LIKE 'Ssl_cipher'")[0][1] != '', rows(c, "SHOW STATUS LIKE 'Compression'")[0][1]] },
  wrong_password: ->(_) { failure { connect(password: 'wrong') } },
  unknown_database: ->(_) { failure { connect(database: 'no_such_database') } },
  server_version: ->(c) { c.server_info },
  thread_id: ->(c) { [c.thread_id.positive?, c.thread_id == value(c, 'SELECT CONNECTION_ID()')] },
  ping: ->(c) { c.ping },
  types_text: ->(c) { rows(c, 'SELECT * FROM types ORDER BY id').map { |row| row.map(&:inspect) } },
  types_prepared: ->(c) { c.prepare('SELECT * FROM types WHERE id <= ? ORDER BY id').execute(2, as: :array).to_a.map { |row| row.map(&:inspect) } },
  parameters_prepared: lambda { |c|
    statement = c.prepare('INSERT INTO types (bi, bu, d, da, dt, vc, vb, i) VALUES (?,?,?,?,?,?,?,?)')
    statement.execute(-2**63, 2**64 - 1, 1e-300, Date.new(2024, 2, 29), Time.utc(2024, 2, 29, 1, 2, 3), "\u{1F600}'\\", "\0\xff".b, nil)
    [statement.affected_rows, statement.last_id > 3, rows(c, 'SELECT bi, bu, d, da, dt, vc, HEX(vb), i FROM types ORDER BY id DESC LIMIT 1').map { |row| row.map(&:inspect) }]
  },
  prepared_many_times: lambda { |c|
    statement = c.prepare('SELECT n + ? FROM numbers WHERE n = ?')
    sum = (1..300).sum { |n| statement.execute(n, n, as: :array).first[0] }
    statement.close
    sum.to_i
  },
  streaming: lambda { |c|
    found = c.query('SELECT n FROM numbers ORDER BY n', stream: true, cache_rows: false, as: :array).map(&:first)
    [found.size, found.sum, value(c, 'SELECT 1')]
  },
  prepared_streaming: lambda { |c|
    found = c.prepare('SELECT n FROM numbers ORDER BY n').execute(stream: true, cache_rows: false, as: :array).map(&:first)
    [found.size, found.sum, value(c, 'SELECT 1')]
  },
  many_rows: lambda { |c|
    found = rows(c, "SELECT a.n, b.n, REPEAT('x', a.n % 300) FROM numbers a JOIN numbers b ON b.n <= 100 ORDER BY 1, 2")
    [found.size, Digest::MD5.hexdigest(found.to_s)]
  },
  big_values: lambda { |c|
    [2**24 - 40, 2**24 - 2, 2**24 - 1, 2**24, 2**24 + 1, 2**25].each_with_index.map do |size, id|
      if id.even?
        c.query("REPLACE INTO big VALUES (#{id}, '#{'v' * size}')")
      else
        c.prepare('REPLACE INTO big VALUES (?, ?)').execute(id, 'v' * size)
      end
      back = c.prepare('SELECT value FROM big WHERE id = ?').execute(id, as: :array).first[0]
      [size, back.size, Digest::MD5.hexdigest(back)]
    end
  },
  multi_statements: lambda { |_|
    c = connect(flags: Mysql2::Client::MULTI_STATEMENTS)
    found = [c.query("SELECT 1; INSERT INTO items (name) VALUES ('multi'); SELECT 2, 3; SELECT * FROM no_such_table; SELECT 4", as: :array).to_a]
    found << failure { found << c.store_result&.to_a while c.next_result }
    [found, value(c, 'SELECT 5')]
  },
  procedure: lambda { |_|
    c = connect(flags: Mysql2::Client::MULTI_STATEMENTS)
    c.query('SET @counter = 5')
    found = [c.query('CALL double_it(21, @doubled, @counter)').to_a]
    found << c.store_result&.to_a while c.next_result
    [found, rows(c, 'SELECT @doubled, @counter')]
  },
  kill_query: lambda { |c|
    killer = later("KILL QUERY #{c.thread_id}")
    found = failure { c.query('SELECT COUNT(*) FROM numbers a, numbers b, numbers c, numbers d') }
    killer.join
    [found, value(c, 'SELECT 1')]
  },
  kill_connection: lambda { |c|
    killer = later("KILL #{c.thread_id}")
    found = [failure { c.query('SELECT SLEEP(20)') }, c.ping]
    killer.join
    [found, value(connect, 'SELECT 1')]
  },
  reconnect: lambda { |_|
    c = connect(reconnect: true)
    later("KILL #{c.thread_id}").join
    value(c, 'SELECT 7')
  },
  statement_timeout: ->(c) { failure { c.query('SET STATEMENT max_statement_time = 0.2 FOR SELECT COUNT(*) FROM numbers a, numbers b, numbers c, numbers d') } },
  read_timeout: ->(_) { failure { connect(read_timeout: 1).query('SELECT SLEEP(5)') } },
  select_db: ->(c) { [c.select_db('information_schema'), value(c, 'SELECT DATABASE()'), failure { c.select_db('no_such_database') }] },
  transactions: lambda { |c|
    ['BEGIN', "INSERT INTO items (name) VALUES ('t1')", 'SAVEPOINT s1', "INSERT INTO items (name) VALUES ('t2')", 'ROLLBACK TO s1', 'COMMIT',
     'BEGIN', 'DELETE FROM items', 'ROLLBACK'].each { |statement| c.query(statement) }
    [rows(c, "SELECT name FROM items WHERE name LIKE 't_'"), failure { c.query('ROLLBACK TO nowhere') }]
  },
  deadlock: lambda { |c|
    c.query('BEGIN')
    c.query('UPDATE items SET amount = amount + 1 WHERE id = 2')
    other = later('BEGIN', 'UPDATE items SET amount = amount + 1 WHERE id = 1', 'INSERT INTO items (name) SELECT CONCAT("d", n) FROM numbers',
                  'UPDATE items SET amount = 0 WHERE id = 2')
    sleep 2
    found = failure { c.query('UPDATE items SET amount = amount + 1 WHERE id = 1') }
    c.query('ROLLBACK')
    other.join
    found
  },
  errors: lambda { |c|
    ["INSERT INTO items (name) VALUES ('one')", 'SELEC 1', 'SELECT * FROM no_such_table',
     "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'eigener Fehler: ä', MYSQL_ERRNO = 3333", ';', '', 'DROP TABLE mysql.user'].map { |s| failure { c.query(s) } }
  },
  warnings: lambda { |c|
    c.query("INSERT IGNORE INTO items (id, name) VALUES (1, 'one'), (77, REPEAT('w', 200))")
    [c.query_info, c.warning_count, rows(c, 'SHOW WARNINGS')]
  },
  row_counts: lambda { |c|
    found = ["INSERT INTO items (name) VALUES ('r1'), ('r2')", "UPDATE items SET amount = 1 WHERE name LIKE 'r_'",
             "UPDATE items SET amount = 1 WHERE name LIKE 'r_'", "DELETE FROM items WHERE name LIKE 'r_'"].map { |s| rows(c, s) }
    c.query("INSERT INTO items (name) VALUES ('last')")
    [found, c.last_id == value(c, 'SELECT LAST_INSERT_ID()')]
  },
  unicode: lambda { |c|
    ['ä ö ü ß', "\u{1F600}\u{1F44D}\u{1F3FD}", '日本語', "a\0b"].each { |word| c.prepare('INSERT INTO words (word) VALUES (?)').execute(word) }
    latin = connect(encoding: 'latin1')
    [rows(c, 'SELECT word, HEX(word), CHAR_LENGTH(word) FROM words ORDER BY id'), value(latin, 'SELECT word FROM words ORDER BY id').encoding.to_s, latin.encoding.to_s]
  },
  load_data_local: lambda { |c|
    [rows(c, "LOAD DATA LOCAL INFILE '#{$local_file}' INTO TABLE loaded FIELDS TERMINATED BY ','"),
     failure { c.query("LOAD DATA LOCAL INFILE '/no/such/file' INTO TABLE loaded") }, rows(c, 'SELECT COUNT(*), SUM(a), MAX(b) FROM loaded').map { |row| row.map(&:inspect) }]
  },
  async: lambda { |c|
    c.query('SELECT SLEEP(0.3), 7', async: true, as: :array)
    IO.select([IO.for_fd(c.socket, autoclose: false)], nil, nil, 10)
    c.async_result.to_a
  },
  attributes: lambda { |_|
    c = connect(connect_attrs: { 'program_name' => 'cases', 'weird' => 'ä' * 60 })
    rows(c, 'SELECT ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs WHERE PROCESSLIST_ID = CONNECTION_ID() ' \
            "AND ATTR_NAME NOT IN ('_pid', '_thread') ORDER BY ORDINAL_POSITION")
  },
  show_proxysession: ->(c) { rows(c, 'SHOW PROXYSESSION').any? { |row| row[1] == c.thread_id } },
  show_proxysession_prepared: ->(c) { c.prepare('SHOW PROXYSESSION').execute(as: :array).any? { |row| row[1] == c.thread_id } },
  kill_proxysession: lambda { |c|
    victim = connect
    id = victim.thread_id
    killed = rows(c, "KILL PROXYSESSION #{id}")
    [killed, failure { victim.query('SELECT 1') } != 'no error', failure { c.query("KILL PROXYSESSION #{id}") }]
  }
}.freeze

$stdout.sync = true
CASES.each do |name, body|
  client = connect
  result = body.call(client).to_json
  client.close
  puts "#{name}: #{result}".gsub("\n", '\n')
rescue StandardError => e
  puts "#{name}: raised #{e.class} #{e.respond_to?(:errno) ? e.errno : ''} #{e.message}".gsub("\n", '\n')
end
