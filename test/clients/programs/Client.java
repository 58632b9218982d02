// The cases in Java, with MariaDB Connector/J on JDBC.

import java.io.InputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.security.MessageDigest;
import java.sql.*;
import java.util.*;
import java.util.concurrent.CompletableFuture;

public final class Client {
    interface Case { Object run(Connection c) throws Exception; }

    interface Action { void run() throws Exception; }

    static String port, user, password, database, localFile, mode;
    static final String HEAVY = "SELECT COUNT(*) FROM numbers a, numbers b, numbers c, numbers d";

    static Connection open(String more) throws SQLException {
        return open(user, password, database, more);
    }

    static Connection open(String name, String secret, String schema, String more) throws SQLException {
        String url = "jdbc:mariadb://127.0.0.1:" + port + "/" + schema + "?allowLocalInfile=true&socketTimeout=60000" + more;
        if (mode.contains("tls")) url += "&useSsl=true&trustServerCertificate=true";
        if (mode.contains("compressed")) url += "&useCompression=true";
        return DriverManager.getConnection(url, name, secret);
    }

    static List<Object> collect(ResultSet result) throws SQLException {
        List<Object> rows = new ArrayList<>();
        int columns = result.getMetaData().getColumnCount();
        while (result.next()) {
            List<Object> row = new ArrayList<>();
            for (int i = 1; i <= columns; i++) row.add(plain(result.getObject(i)));
            rows.add(row);
        }
        return rows;
    }

    static Object plain(Object value) throws SQLException {
        if (value instanceof byte[]) return HexFormat.of().formatHex((byte[]) value);
        if (value instanceof Blob) return "blob " + HexFormat.of().formatHex(((Blob) value).getBytes(1, (int) ((Blob) value).length()));
        return value == null ? "null" : value.getClass().getSimpleName() + " " + value;
    }

    static List<Object> rows(Connection c, String statement) throws SQLException {
        try (Statement s = c.createStatement(); ResultSet r = s.executeQuery(statement)) { return collect(r); }
    }

    static String value(Connection c, String statement) throws SQLException {
        try (Statement s = c.createStatement(); ResultSet r = s.executeQuery(statement)) { r.next(); return r.getString(1); }
    }

    static int update(Connection c, String statement) throws SQLException {
        try (Statement s = c.createStatement()) { return s.executeUpdate(statement); }
    }

    static List<Object> results(Statement s, boolean isRows) throws SQLException {
        List<Object> found = new ArrayList<>();
        while (isRows || s.getUpdateCount() != -1) {
            found.add(isRows ? collect(s.getResultSet()) : s.getUpdateCount());
            isRows = s.getMoreResults();
        }
        return found;
    }

    static String failure(Action action) {
        try { action.run(); } catch (SQLException e) {
            return e.getClass().getSimpleName() + " " + e.getErrorCode() + " " + e.getSQLState() + " " + e.getMessage();
        } catch (Exception e) { return e.getClass().getSimpleName() + " " + e.getMessage(); }
        return "no error";
    }

    static CompletableFuture<Void> later(String... statements) throws SQLException {
        Connection other = open("");
        return CompletableFuture.runAsync(() -> {
            try {
                Thread.sleep(400);
                for (String statement : statements) try { update(other, statement); } catch (SQLException expected) { }
                other.close();
            } catch (Exception e) { throw new RuntimeException(e); }
        });
    }

    static String md5(byte[] bytes) throws Exception { return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes)); }

    static final Map<String, Case> CASES = new LinkedHashMap<>();

    static {
        CASES.put("connect", c -> List.of(rows(c, "SELECT 1, 'one', NULL, DATABASE()"), !rows(c, "SHOW STATUS LIKE 'Ssl_cipher'").toString().endsWith(" ]]"),
            rows(c, "SHOW STATUS LIKE 'Compression'")));
        CASES.put("wrong_password", c -> failure(() -> open(user, "wrong", database, "")));
        CASES.put("unknown_database", c -> failure(() -> open(user, password, "no_such_database", "")));
        CASES.put("server_version", c -> List.of(c.getMetaData().getDatabaseProductName(), c.getMetaData().getDatabaseProductVersion()));
        CASES.put("ping", c -> c.isValid(5));
        CASES.put("types_text", c -> rows(c, "SELECT * FROM types ORDER BY id"));
        CASES.put("types_prepared", c -> {
            PreparedStatement s = open("&useServerPrepStmts=true").prepareStatement("SELECT * FROM types WHERE id <= ? ORDER BY id");
            s.setInt(1, 3);
            return collect(s.executeQuery());
        });
        CASES.put("metadata", c -> {
            PreparedStatement s = open("&useServerPrepStmts=true").prepareStatement("SELECT * FROM types WHERE id <= ?");
            List<Object> found = new ArrayList<>(List.of(s.getParameterMetaData().getParameterCount()));
            ResultSetMetaData m = s.getMetaData();
            for (int i = 1; i <= m.getColumnCount(); i++)
                found.add(List.of(m.getColumnName(i), m.getColumnTypeName(i), m.getPrecision(i), m.getScale(i), m.isSigned(i), m.isNullable(i), m.getTableName(i)));
            return found;
        });
        CASES.put("catalogue", c -> List.of(collect(c.getMetaData().getColumns(database, null, "items", "%")).toString(), collect(c.getMetaData().getTables(database, null, "%", null)).toString()));
        for (String server : List.of("false", "true")) {
            CASES.put("parameters_" + server, c -> {
                Connection own = open("&useServerPrepStmts=" + server);
                PreparedStatement s = own.prepareStatement("INSERT INTO types (bi, bu, d, de, da, dt, vc, vb, i) VALUES (?,?,?,?,?,?,?,?,?)", Statement.RETURN_GENERATED_KEYS);
                s.setLong(1, Long.MIN_VALUE);
                s.setObject(2, new BigInteger("18446744073709551615"));
                s.setDouble(3, 1e-300);
                s.setBigDecimal(4, new BigDecimal("-1.5"));
                s.setDate(5, java.sql.Date.valueOf("2024-02-29"));
                s.setTimestamp(6, Timestamp.valueOf("2024-02-29 01:02:03.5"));
                s.setString(7, "😀'\\");
                s.setBytes(8, new byte[] {0, -1});
                s.setNull(9, Types.INTEGER);
                int count = s.executeUpdate();
                ResultSet keys = s.getGeneratedKeys();
                return List.of(count, keys.next() && keys.getLong(1) > 3, rows(c, "SELECT bi, bu, d, de, da, dt, vc, HEX(vb), i FROM types ORDER BY id DESC LIMIT 1"));
            });
            CASES.put("batch_" + server, c -> {
                Connection own = open("&useServerPrepStmts=" + server + "&rewriteBatchedStatements=" + (server.equals("true") ? "false" : "true") + "&useBulkStmts=" + server);
                PreparedStatement s = own.prepareStatement("INSERT INTO loaded VALUES (?, ?)");
                for (int i = 0; i < 500; i++) { s.setInt(1, i); s.setString(2, "row " + i); s.addBatch(); }
                int done = s.executeBatch().length;
                PreparedStatement wrong = own.prepareStatement("INSERT INTO items (id, name) VALUES (?, ?)");
                for (int id : new int[] {500, 1, 501}) { wrong.setInt(1, id); wrong.setString(2, "b" + id); wrong.addBatch(); }
                String failed = failure(wrong::executeBatch);
                return List.of(done, failed, rows(c, "SELECT COUNT(*), SUM(a), MAX(b) FROM loaded"));
            });
        }
        CASES.put("cursor", c -> {
            Connection own = open("&useServerPrepStmts=true");
            PreparedStatement s = own.prepareStatement("SELECT n FROM numbers ORDER BY n", ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY);
            s.setFetchSize(7);
            ResultSet r = s.executeQuery();
            long sum = 0;
            while (r.next()) sum += r.getInt(1);
            return List.of(sum, value(own, "SELECT 1"));
        });
        CASES.put("many_rows", c -> {
            String all = rows(c, "SELECT a.n, b.n, REPEAT('x', a.n % 300) FROM numbers a JOIN numbers b ON b.n <= 100 ORDER BY 1, 2").toString();
            return List.of(all.length(), md5(all.getBytes()));
        });
        CASES.put("big_values", c -> {
            List<Object> found = new ArrayList<>();
            int id = 0;
            for (int size : new int[] {(1 << 24) - 40, (1 << 24) - 2, (1 << 24) - 1, 1 << 24, (1 << 24) + 1, 1 << 25}) {
                Connection own = open("&useServerPrepStmts=" + (++id % 2 == 0));
                byte[] bytes = new byte[size];
                Arrays.fill(bytes, (byte) 'v');
                PreparedStatement s = own.prepareStatement("REPLACE INTO big VALUES (?, ?)");
                s.setInt(1, id);
                s.setBytes(2, bytes);
                s.executeUpdate();
                ResultSet r = own.createStatement().executeQuery("SELECT value FROM big WHERE id = " + id);
                r.next();
                found.add(List.of(size, md5(r.getBytes(1)).equals(md5(bytes))));
                own.close();
            }
            return found;
        });
        CASES.put("long_data", c -> {
            PreparedStatement s = open("&useServerPrepStmts=true").prepareStatement("REPLACE INTO big VALUES (90, ?)");
            s.setBinaryStream(1, new InputStream() {
                private int left = 20_000_000;
                @Override public int read() { return left-- > 0 ? 'x' : -1; }
            });
            return List.of(s.executeUpdate(), rows(c, "SELECT LENGTH(value), MD5(value) FROM big WHERE id = 90"));
        });
        CASES.put("multi_statements", c -> {
            Connection own = open("&allowMultiQueries=true");
            Statement s = own.createStatement();
            List<Object> good = results(s, s.execute("SELECT 1; INSERT INTO items (name) VALUES ('multi'); SELECT 2, 3"));
            return List.of(good, failure(() -> { results(s, s.execute("SELECT 1; SELECT * FROM no_such_table; SELECT 4")); }), value(own, "SELECT 5"));
        });
        CASES.put("procedure", c -> {
            CallableStatement s = c.prepareCall("{call double_it(?, ?, ?)}");
            s.setInt(1, 21);
            s.registerOutParameter(2, Types.INTEGER);
            s.setInt(3, 5);
            s.registerOutParameter(3, Types.INTEGER);
            List<Object> found = results(s, s.execute());
            return List.of(found, s.getInt(2), s.getInt(3));
        });
        CASES.put("cancel", c -> {
            Statement s = c.createStatement();
            new java.util.Timer(true).schedule(new TimerTask() {
                @Override public void run() { try { s.cancel(); } catch (SQLException e) { throw new RuntimeException(e); } }
            }, 400);
            return List.of(failure(() -> s.executeQuery(HEAVY)), value(c, "SELECT 1"));
        });
        CASES.put("query_timeout", c -> {
            Statement s = c.createStatement();
            s.setQueryTimeout(1);
            return List.of(failure(() -> s.executeQuery(HEAVY)), value(c, "SELECT 1"));
        });
        CASES.put("socket_timeout", c -> failure(() -> open("&socketTimeout=500").createStatement().executeQuery("SELECT SLEEP(3)")).split(" ")[0]);
        CASES.put("kill_connection", c -> {
            CompletableFuture<Void> killer = later("KILL " + value(c, "SELECT CONNECTION_ID()"));
            String found = failure(() -> c.createStatement().executeQuery("SELECT SLEEP(20)"));
            killer.join();
            return List.of(found, c.isValid(1), value(open(""), "SELECT 1"));
        });
        CASES.put("reset", c -> {
            Connection own = open("&useResetConnection=true");
            update(own, "SET @a = 1");
            own.unwrap(org.mariadb.jdbc.MariaDbConnection.class).reset();
            return "" + value(own, "SELECT @a");
        });
        CASES.put("select_database", c -> { c.setCatalog("information_schema"); return List.of(c.getCatalog(), value(c, "SELECT DATABASE()")); });
        CASES.put("transactions", c -> {
            c.setAutoCommit(false);
            c.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
            update(c, "INSERT INTO items (name) VALUES ('t1')");
            Savepoint s1 = c.setSavepoint("s1");
            update(c, "INSERT INTO items (name) VALUES ('t2')");
            c.rollback(s1);
            c.commit();
            update(c, "DELETE FROM items");
            c.rollback();
            c.setReadOnly(true);
            return List.of(rows(c, "SELECT name FROM items WHERE name LIKE 't_'"), failure(() -> update(c, "DELETE FROM items")));
        });
        CASES.put("deadlock", c -> {
            c.setAutoCommit(false);
            update(c, "UPDATE items SET amount = amount + 1 WHERE id = 2");
            CompletableFuture<Void> other = later("BEGIN", "UPDATE items SET amount = amount + 1 WHERE id = 1", "INSERT INTO items (name) SELECT CONCAT('d', n) FROM numbers",
                "UPDATE items SET amount = 0 WHERE id = 2", "ROLLBACK");
            Thread.sleep(2000);
            String found = failure(() -> update(c, "UPDATE items SET amount = amount + 1 WHERE id = 1"));
            c.rollback();
            other.join();
            return found;
        });
        CASES.put("errors", c -> {
            List<Object> found = new ArrayList<>();
            for (String statement : List.of("INSERT INTO items (name) VALUES ('one')", "SELEC 1", "SELECT * FROM no_such_table",
                "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'eigener Fehler: ä', MYSQL_ERRNO = 3333", ";", "DROP TABLE mysql.user"))
                found.add(failure(() -> c.createStatement().execute(statement)));
            found.add(failure(() -> open("&useServerPrepStmts=true").prepareStatement("SELECT * FROM no_such_table WHERE a = ?").executeQuery()));
            return found;
        });
        CASES.put("warnings", c -> {
            Statement s = c.createStatement();
            List<Object> found = new ArrayList<>(List.of(s.executeUpdate("INSERT IGNORE INTO items (id, name) VALUES (1, 'one'), (77, REPEAT('w', 200))")));
            for (SQLWarning w = s.getWarnings(); w != null; w = w.getNextWarning()) found.add(List.of(w.getErrorCode(), String.valueOf(w.getSQLState()), w.getMessage()));
            return found;
        });
        CASES.put("row_counts", c -> List.of(update(c, "INSERT INTO items (name) VALUES ('r1'), ('r2')"), update(c, "UPDATE items SET amount = 1 WHERE name LIKE 'r_'"),
            update(c, "UPDATE items SET amount = 1 WHERE name LIKE 'r_'"), update(open("&useAffectedRows=true"), "UPDATE items SET amount = 1 WHERE name LIKE 'r_'"),
            update(c, "DELETE FROM items WHERE name LIKE 'r_'")));
        CASES.put("updatable", c -> {
            Statement s = c.createStatement(ResultSet.TYPE_SCROLL_SENSITIVE, ResultSet.CONCUR_UPDATABLE);
            ResultSet r = s.executeQuery("SELECT id, name, amount FROM items ORDER BY id");
            r.absolute(2);
            r.updateInt(3, 222);
            r.updateRow();
            return rows(c, "SELECT * FROM items ORDER BY id");
        });
        CASES.put("unicode", c -> {
            for (String word : List.of("ä ö ü ß", "😀👍🏽", "日本語", "a\0b")) {
                PreparedStatement s = c.prepareStatement("INSERT INTO words (word) VALUES (?)");
                s.setString(1, word);
                s.execute();
            }
            return rows(c, "SELECT word, HEX(word), CHAR_LENGTH(word) FROM words ORDER BY id");
        });
        CASES.put("load_data_local", c -> List.of(update(c, "LOAD DATA LOCAL INFILE '" + localFile + "' INTO TABLE loaded FIELDS TERMINATED BY ','"),
            failure(() -> update(c, "LOAD DATA LOCAL INFILE '/no/such/file' INTO TABLE loaded")).split("\\.")[0], rows(c, "SELECT COUNT(*), SUM(a), MAX(b) FROM loaded")));
        CASES.put("attributes", c -> rows(open("&connectionAttributes=program_name:cases,more:xyz"), "SELECT ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs"
            + " WHERE PROCESSLIST_ID = CONNECTION_ID() AND ATTR_NAME NOT IN ('_pid', '_thread', '_server_host') ORDER BY ORDINAL_POSITION"));
        CASES.put("pipelined", c -> {
            Connection own = open("&useBatchMultiSend=true&usePipelineAuth=true&useServerPrepStmts=true&sessionVariables=sql_mode='ANSI'");
            Statement s = own.createStatement();
            for (int i = 0; i < 200; i++) s.addBatch("INSERT INTO items (name) VALUES ('p" + i + "')");
            return List.of(Arrays.stream(s.executeBatch()).sum(), value(own, "SELECT @@sql_mode"));
        });
        CASES.put("show_proxysession", c -> rows(c, "SHOW PROXYSESSION").size() > 0);
        CASES.put("show_proxysession_prepared", c -> ((List<?>) collect(open("&useServerPrepStmts=true").prepareStatement("SHOW PROXYSESSION").executeQuery()).get(0)).size() == 13);
        CASES.put("kill_proxysession", c -> {
            Connection victim = open("");
            String id = value(victim, "SELECT CONNECTION_ID()");
            return List.of(update(c, "KILL PROXYSESSION " + id), !failure(() -> value(victim, "SELECT 1")).equals("no error"), failure(() -> update(c, "KILL PROXYSESSION " + id)));
        });
    }

    public static void main(String[] words) throws Exception {
        port = words[0]; user = words[1]; password = words[2]; database = words[3]; localFile = words[4]; mode = words[5];
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        java.io.PrintStream out = new java.io.PrintStream(System.out, true, "UTF-8");
        for (Map.Entry<String, Case> each : CASES.entrySet()) {
            String result;
            try (Connection c = open("")) {
                result = String.valueOf(each.getValue().run(c));
            } catch (Exception e) {
                result = "raised " + e;
            }
            out.println((each.getKey() + ": " + result).replace("\n", "\\n"));
        }
        System.exit(0);
    }
}
