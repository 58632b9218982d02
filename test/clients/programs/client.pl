# The cases in Perl, with DBI: DBD::mysql and DBD::MariaDB.
use strict;
use warnings;
use utf8;
use DBI;
use Digest::MD5 'md5_hex';
use Encode 'encode_utf8';
use JSON::PP;

my ($driver, $port, $user, $password, $database, $local_file, $mode) = @ARGV;
my $prefix = $driver eq 'MariaDB' ? 'mariadb' : 'mysql';
my $json = JSON::PP->new->utf8->canonical->allow_nonref;

sub connect_as {
    my ($name, $secret, $schema, %given) = @_;
    my $source = "DBI:$driver:database=$schema;host=127.0.0.1;port=$port;${prefix}_local_infile=1";
    $source .= ";${prefix}_ssl=1;${prefix}_ssl_verify_server_cert=0" if $mode =~ /tls/;
    $source .= ";${prefix}_compression=1" if $mode =~ /compressed/;
    $source .= ";$given{more}" if $given{more};
    my %attributes = (RaiseError => 1, PrintError => 0, AutoCommit => 1);
    $attributes{mysql_enable_utf8mb4} = 1 if $driver eq 'mysql';
    return DBI->connect($source, $name, $secret, {%attributes, %{$given{attributes} // {}}});
}

sub fresh { return connect_as($user, $password, $database, @_) }

sub rows { my ($dbh, $statement, @bound) = @_; return $dbh->selectall_arrayref($statement, undef, @bound) }

sub value { return rows(@_)->[0][0] }

sub failure {
    my ($action) = @_;
    eval { $action->(); 1 } and return 'no error';
    return join ' ', ($DBI::err // 'none'), ($DBI::state // ''), ($DBI::errstr // $@);
}

sub thread_id { my ($dbh) = @_; return $driver eq 'MariaDB' ? $dbh->mariadb_sockfd && $dbh->{mariadb_thread_id} : $dbh->{mysql_thread_id} }

sub in_background {
    my (@statements) = @_;
    my $child = fork;
    return $child if $child;
    my $dbh = fresh();
    select undef, undef, undef, 0.4;
    eval { $dbh->do($_) } for @statements;
    $dbh->disconnect;
    require POSIX;
    POSIX::_exit(0);
}

my @cases = (
    connect => sub { my $c = shift; [rows($c, "SELECT 1, 'one', NULL, DATABASE()"), rows($c, "SHOW STATUS LIKE 'Ssl_cipher'")->[0][1] ne '',
        rows($c, "SHOW STATUS LIKE 'Compression'")->[0][1]] },
    wrong_password => sub { failure(sub { connect_as($user, 'wrong', $database) }) },
    unknown_database => sub { failure(sub { connect_as($user, $password, 'no_such_database') }) },
    server_version => sub { my $c = shift; [$c->{"${prefix}_serverinfo"}, $c->{"${prefix}_serverversion"}, $c->{"${prefix}_hostinfo"}, $c->{"${prefix}_protoinfo"}] },
    thread_id => sub { my $c = shift; my $id = thread_id($c); [$id > 0 ? JSON::PP::true : JSON::PP::false, $id == value($c, 'SELECT CONNECTION_ID()') ? JSON::PP::true : JSON::PP::false] },
    ping => sub { my $c = shift; [$c->ping ? 1 : 0, $c->{"${prefix}_stat"} =~ /^Uptime/ ? 1 : 0] },
    types_text => sub { my $c = shift; rows($c, 'SELECT * FROM types ORDER BY id') },
    types_prepared => sub {
        my $c = shift;
        my $s = $c->prepare('SELECT * FROM types WHERE id <= ? ORDER BY id', {"${prefix}_server_prepare" => 1});
        $s->execute(3);
        [$s->{NAME}, $s->{TYPE}, $s->{NULLABLE}, $s->{PRECISION}, $s->{SCALE}, $s->fetchall_arrayref];
    },
    parameters_prepared => sub {
        my $c = shift;
        my $s = $c->prepare('INSERT INTO types (bi, bu, d, de, da, t, dt, vc, vb, i) VALUES (?,?,?,?,?,?,?,?,?,?)', {"${prefix}_server_prepare" => 1});
        $s->execute('-9223372036854775808', '18446744073709551615', 1e-300, '-1.5', '2024-02-29', '-03:00:00.5', '2024-02-29 01:02:03.5', "\x{1F600}'\\", "\0a", undef);
        [$s->rows, rows($c, 'SELECT bi, bu, d, de, da, t, dt, vc, HEX(vb), i FROM types ORDER BY id DESC LIMIT 1')];
    },
    prepared_many_times => sub {
        my $c = shift;
        my $s = $c->prepare('SELECT n + ? FROM numbers WHERE n = ?', {"${prefix}_server_prepare" => 1});
        my $sum = 0;
        for my $n (1 .. 300) { $s->execute($n, $n); $sum += $s->fetchrow_arrayref->[0]; $s->finish }
        $sum;
    },
    prepare_fails => sub { my $c = shift; failure(sub { $c->prepare('SELECT * FROM no_such_table WHERE a = ?', {"${prefix}_server_prepare" => 1})->execute(1) }) },
    streaming => sub {
        my $c = shift;
        my $s = $c->prepare('SELECT n FROM numbers ORDER BY n', {"${prefix}_use_result" => 1});
        $s->execute;
        my $sum = 0;
        while (my $row = $s->fetchrow_arrayref) { $sum += $row->[0] }
        undef $s;  # DBD::MariaDB gives the connection back with the handle
        [$sum, value($c, 'SELECT 1')];
    },
    many_rows => sub { my $c = shift; my $r = rows($c, "SELECT a.n, b.n, REPEAT('x', a.n % 300) FROM numbers a JOIN numbers b ON b.n <= 100 ORDER BY 1, 2");
        [scalar @$r, md5_hex(join '|', map { @$_ } @$r)] },
    big_values => sub {
        my $c = shift;
        my @found;
        my $id = 0;
        for my $size (2**24 - 40, 2**24 - 2, 2**24 - 1, 2**24, 2**24 + 1, 2**25) {
            my $s = $c->prepare('REPLACE INTO big VALUES (?, ?)', {"${prefix}_server_prepare" => $id % 2});
            $s->execute(++$id, 'v' x $size);
            local $c->{LongReadLen} = 2**26;
            my $back = value($c, 'SELECT value FROM big WHERE id = ?', $id);
            push @found, [$size, length $back, md5_hex($back)];
        }
        \@found;
    },
    multi_statements => sub {
        my $c = fresh(more => "${prefix}_multi_statements=1");
        my $s = $c->prepare("SELECT 1; INSERT INTO items (name) VALUES ('multi'); SELECT 2, 3; SELECT * FROM no_such_table; SELECT 4");
        $s->execute;
        my @found;
        my $end = failure(sub { do { push @found, $s->{NUM_OF_FIELDS} ? $s->fetchall_arrayref : $s->rows } while ($s->more_results) });
        [\@found, $end, value($c, 'SELECT 5')];
    },
    procedure => sub {
        my $c = shift;
        $c->do('SET @counter = 5');
        my $s = $c->prepare('CALL double_it(21, @doubled, @counter)');
        $s->execute;
        my @found;
        do { push @found, $s->{NUM_OF_FIELDS} ? $s->fetchall_arrayref : $s->rows } while ($s->more_results);
        [\@found, rows($c, 'SELECT @doubled, @counter')];
    },
    kill_query => sub {
        my $c = shift;
        my $child = in_background('KILL QUERY ' . thread_id($c));
        my $found = failure(sub { rows($c, 'SELECT COUNT(*) FROM numbers a, numbers b, numbers c, numbers d') });
        waitpid $child, 0;
        [$found, value($c, 'SELECT 1')];
    },
    kill_connection => sub {
        my $c = shift;
        my $child = in_background('KILL ' . thread_id($c));
        my @found = (failure(sub { rows($c, 'SELECT SLEEP(20)') }), $c->ping ? 1 : 0);
        waitpid $child, 0;
        [@found, value(fresh(), 'SELECT 1')];
    },
    reconnect => sub {
        my $c = shift;
        $c->{"${prefix}_auto_reconnect"} = 1;
        waitpid in_background('KILL ' . thread_id($c)), 0;
        [value($c, 'SELECT 7')];
    },
    statement_timeout => sub { my $c = shift; failure(sub { rows($c, 'SET STATEMENT max_statement_time = 0.2 FOR SELECT COUNT(*) FROM numbers a, numbers b, numbers c, numbers d') }) },
    read_timeout => sub { my $c = fresh(more => "${prefix}_read_timeout=1"); failure(sub { rows($c, 'SELECT SLEEP(5)') }) },
    transactions => sub {
        my $c = shift;
        $c->begin_work;
        $c->do("INSERT INTO items (name) VALUES ('t1')");
        $c->do('SAVEPOINT s1');
        $c->do("INSERT INTO items (name) VALUES ('t2')");
        $c->do('ROLLBACK TO s1');
        $c->commit;
        $c->begin_work;
        $c->do('DELETE FROM items');
        $c->rollback;
        [rows($c, "SELECT name FROM items WHERE name LIKE 't_'"), failure(sub { $c->do('ROLLBACK TO nowhere') })];
    },
    deadlock => sub {
        my $c = shift;
        $c->do('BEGIN');
        $c->do('UPDATE items SET amount = amount + 1 WHERE id = 2');
        my $child = in_background('BEGIN', 'UPDATE items SET amount = amount + 1 WHERE id = 1',
            'INSERT INTO items (name) SELECT CONCAT("d", n) FROM numbers', 'UPDATE items SET amount = 0 WHERE id = 2');
        select undef, undef, undef, 2;
        my $found = failure(sub { $c->do('UPDATE items SET amount = amount + 1 WHERE id = 1') });
        $c->do('ROLLBACK');
        waitpid $child, 0;
        $found;
    },
    errors => sub { my $c = shift; [map { my $s = $_; failure(sub { $c->do($s) }) } ("INSERT INTO items (name) VALUES ('one')", 'SELEC 1',
        'SELECT * FROM no_such_table', "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'eigener Fehler: ä', MYSQL_ERRNO = 3333", ';', 'DROP TABLE mysql.user')] },
    warnings => sub { my $c = shift; [$c->do("INSERT IGNORE INTO items (id, name) VALUES (1, 'one'), (77, REPEAT('w', 200))"), $c->{"${prefix}_info"},
        rows($c, 'SHOW WARNINGS')] },
    row_counts => sub {
        my $c = shift;
        my @found = map { $c->do($_) } ("INSERT INTO items (name) VALUES ('r1'), ('r2')", "UPDATE items SET amount = 1 WHERE name LIKE 'r_'",
            "UPDATE items SET amount = 1 WHERE name LIKE 'r_'", "DELETE FROM items WHERE name LIKE 'r_'");
        $c->do("INSERT INTO items (name) VALUES ('last')");
        [@found, $c->{"${prefix}_insertid"} == value($c, 'SELECT LAST_INSERT_ID()') ? 1 : 0,
            fresh(more => "${prefix}_client_found_rows=0")->do('UPDATE items SET amount = amount WHERE id < 3')];
    },
    unicode => sub {
        my $c = shift;
        $c->do('INSERT INTO words (word) VALUES (?)', undef, $_) for ("ä ö ü ß", "\x{1F600}\x{1F44D}\x{1F3FD}", "日本語", "a\0b");
        rows($c, 'SELECT word, HEX(word), CHAR_LENGTH(word) FROM words ORDER BY id');
    },
    load_data_local => sub {
        my $c = shift;
        [$c->do("LOAD DATA LOCAL INFILE '$local_file' INTO TABLE loaded FIELDS TERMINATED BY ','"),
            failure(sub { $c->do("LOAD DATA LOCAL INFILE '/no/such/file' INTO TABLE loaded") }), rows($c, 'SELECT COUNT(*), SUM(a), MAX(b) FROM loaded')];
    },
    catalogue => sub { my $c = shift; [map { [@$_[2 .. 6]] } @{$c->column_info(undef, $database, 'items', '%')->fetchall_arrayref}] },
    async => sub {
        my $c = shift;
        my $s = $c->prepare('SELECT SLEEP(0.3), 7', {($driver eq 'MariaDB' ? 'mariadb_async' : 'async') => 1});
        $s->execute;
        my $method = "${prefix}_async_result";
        my $ready = "${prefix}_async_ready";
        select undef, undef, undef, 0.05 until $s->$ready;
        [$s->$method, $s->fetchall_arrayref];
    },
    show_proxysession => sub { my $c = shift; (grep { $_->[1] == thread_id($c) } @{rows($c, 'SHOW PROXYSESSION')}) ? JSON::PP::true : JSON::PP::false },
    show_proxysession_prepared => sub { my $c = shift; my $s = $c->prepare('SHOW PROXYSESSION', {"${prefix}_server_prepare" => 1}); $s->execute;
        @{$s->fetchall_arrayref->[0]} == 13 ? JSON::PP::true : JSON::PP::false },
    kill_proxysession => sub {
        my $c = shift;
        my $victim = fresh();
        my $id = thread_id($victim);
        my $killed = $c->do("KILL PROXYSESSION $id");
        [$killed, $victim->ping ? JSON::PP::false : JSON::PP::true, failure(sub { $c->do("KILL PROXYSESSION $id") })];
    },
    attributes => sub { my $c = shift; rows($c, "SELECT ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs WHERE PROCESSLIST_ID = CONNECTION_ID()"
        . " AND ATTR_NAME NOT IN ('_pid', '_thread') ORDER BY ORDINAL_POSITION") },
);

$| = 1;
while (my ($name, $case) = splice @cases, 0, 2) {
    my $result = eval { my $c = fresh(); my $found = $json->encode($case->($c)); $c->disconnect; $found };
    $result //= 'raised ' . encode_utf8($@);
    $result =~ s/\n/\\n/g;
    print "$name: $result\n";
}
