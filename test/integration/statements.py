"""A script of more than 300 varied statements whose answers depend on nothing but the script."""

VALUES = ["NULL", "0", "-1", "18446744073709551615", "3.14", "1e300", "'text'", "''", "'\\0\\n\\'\"'", "_utf8mb4'ü€😀'",
          "X'00FF00'", "TRUE", "DATE '2024-02-29'", "TIME '-838:59:59'", "TIMESTAMP '2024-01-01 00:00:00.123456'",
          "CAST(12.5 AS DECIMAL(30,10))", "b'1010'", "JSON_OBJECT('a', 1, 'b', JSON_ARRAY(1, NULL, 'x'))",
          "ST_AsText(POINT(1, 2))", "REPEAT('x', 250)", "REPEAT('x', 251)", "REPEAT('y', 65535)", "REPEAT('z', 70000)"]

WRONG = ["", ";", "SELECT", "SELEC 1", "SELECT * FROM nowhere", "SELECT no_such_column FROM t1", "INSERT INTO t1 VALUES (1)",
         "INSERT INTO t1 (id, n) VALUES (1, 1)", "UPDATE t1 SET id = 1", "SELECT 1/0, 'a' + 1", "DROP TABLE nowhere",
         "CALL no_such_procedure()", "USE no_such_database", "SELECT (SELECT 1 UNION SELECT 2)", "SELECT 1; SELEC 2; SELECT 3",
         "SET GLOBAL max_connections = 1", "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'made by hand'",
         "SELECT * FROM mysql.global_priv", "GRANT ALL ON *.* TO app@'%'", "XA COMMIT 'x'", "DEALLOCATE PREPARE none",
         "SELECT CAST('x' AS SIGNED) FROM t1 FOR UPDATE NOWAIT WAIT", "LOAD DATA INFILE '/nowhere' INTO TABLE t1", "SELECT id INTO @id FROM t1"]

LOOKALIKES = ["SELECT 'KILL PROXYSESSION 1'", "SELECT 1 AS proxysession", "SHOW PROXYSESSIONS", "SHOW PROXY SESSION",
              "SHOW /* KILL PROXYSESSION 1 */ VARIABLES LIKE 'no_such'", "/* SHOW PROXYSESSION */ SELECT 1",
              "SELECT 1 -- KILL PROXYSESSION 1", "SET @kill = 'PROXYSESSION'", "SHOW PROXYSESSION_", "KILLPROXYSESSION 1",
              "KILL QUERY ID 999999999", "KILL USER nobody_at_all", "SHOW STATUS LIKE 'no_such_status'", "EXPLAIN SELECT 1"]

ROUTINES = [
    "CREATE PROCEDURE several() BEGIN SELECT 1; SELECT 2, 'two'; SELECT * FROM t1 WHERE id < 3; END",
    "CREATE PROCEDURE stops_half_way() BEGIN SELECT 1; SIGNAL SQLSTATE '45000'; SELECT 2; END",
    "CREATE PROCEDURE gives(IN a INT, OUT b INT) BEGIN SET b = a * 2; END",
    "CREATE FUNCTION doubled(a INT) RETURNS INT DETERMINISTIC RETURN 2 * a",
    "CALL several()", "CALL stops_half_way()", "CALL gives(21, @b)", "SELECT @b", "SELECT doubled(21)",
    "SELECT 1; CALL several(); SELECT 3"]

TRANSACTIONS = [
    "BEGIN", "INSERT INTO t1 VALUES (1000, 1, 'in transaction', 1.5)", "SAVEPOINT s", "DELETE FROM t1 WHERE id = 1000",
    "ROLLBACK TO s", "SELECT * FROM t1 WHERE id = 1000", "ROLLBACK", "SELECT COUNT(*) FROM t1", "SET autocommit = 0",
    "UPDATE t1 SET n = n + 1 WHERE id <= 10", "COMMIT", "SET autocommit = 1", "START TRANSACTION READ ONLY",
    "SELECT SUM(n) FROM t1", "INSERT INTO t1 (id) VALUES (2000)", "COMMIT", "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT", "COMMIT AND CHAIN", "ROLLBACK RELEASE_NOT"]

SESSION_STATE = [
    "SET NAMES latin1", "SELECT 'ü', @@character_set_client", "SET NAMES utf8mb4 COLLATE utf8mb4_bin", "SET @a = 1, @b = 'x'",
    "SELECT @a, @b, @unset", "SET SESSION sql_mode = ''", "SELECT 'x' + 1, 1/0", "SHOW WARNINGS", "SHOW COUNT(*) WARNINGS",
    "SET SESSION sql_mode = DEFAULT", "USE relay", "SELECT DATABASE()", "SET SESSION time_zone = '+05:30'",
    "SELECT FROM_UNIXTIME(0)", "SET timestamp = 1700000000", "SELECT NOW(), UNIX_TIMESTAMP(), CURDATE()",
    "SET SESSION group_concat_max_len = 100000", "SELECT GROUP_CONCAT(seq) FROM seq_1_to_5000",
    "PREPARE p FROM 'SELECT ? + 1'", "SET @x = 41", "EXECUTE p USING @x", "DEALLOCATE PREPARE p", "SELECT FOUND_ROWS()",
    "SELECT LAST_INSERT_ID(77)", "SELECT LAST_INSERT_ID()", "SHOW VARIABLES LIKE 'autocommit'", "DO SLEEP(0)",
    "GET DIAGNOSTICS @n = NUMBER", "LOCK TABLES t1 READ", "SELECT COUNT(*) FROM t1", "UNLOCK TABLES", "FLUSH TABLES t1"]


def script():
    """All of it, in order. It starts with an empty database `relay` and makes what it needs."""
    made = ["CREATE TABLE t1 (id INT PRIMARY KEY AUTO_INCREMENT, n INT, text VARCHAR(100), d DOUBLE) ENGINE=InnoDB",
            "CREATE TABLE t2 (id INT PRIMARY KEY, big LONGTEXT, raw BLOB, made TIMESTAMP NULL, e ENUM('a','b')) ENGINE=InnoDB",
            "CREATE TEMPORARY TABLE t3 (a INT)"]
    made += [f"INSERT INTO t1 (n, text, d) VALUES ({n}, 'row {n}', {n} / 7)" for n in range(40)]
    made += [f"SELECT {value}" for value in VALUES]
    made += [f"SELECT {value} AS `a b`, {value} FROM t1 WHERE id <= 2" for value in VALUES]
    made += [f"INSERT INTO t2 (id, big) VALUES ({at}, {value})" for at, value in enumerate(VALUES)]
    made += ["SELECT * FROM t2 ORDER BY id", "SELECT * FROM t1 ORDER BY id", "SELECT * FROM t1 WHERE FALSE"]
    made += [f"SELECT * FROM t1 ORDER BY id LIMIT {n}" for n in range(20)]
    made += [f"SELECT REPEAT('{n % 10}', {size}) AS r" for n, size in enumerate((1000, 16384, 65536, 1 << 20))]
    made += [f"SELECT {n}; SELECT {n} FROM t1 LIMIT {n}; DO 1" for n in range(20)]
    made += [f"UPDATE t1 SET n = n + {n} WHERE id % {n + 1} = 0" for n in range(20)]
    made += [f"SELECT {', '.join(f'{n} AS c{n}' for n in range(width))}" for width in (1, 10, 250, 251, 252, 1000)]
    made += ["SELECT COUNT(*), n % 3 FROM t1 GROUP BY n % 3 ORDER BY 2", "SHOW TABLES", "DESCRIBE t1", "SHOW CREATE TABLE t2",
             "SHOW INDEX FROM t1 WHERE Key_name = 'none'", "ANALYZE FORMAT=JSON SELECT 1 WHERE FALSE LIMIT 0 ROWS EXAMINED 0 x",
             "CHECK TABLE t1", "SELECT a.id, b.id FROM t1 a JOIN t1 b ON a.id = b.id ORDER BY 1 DESC LIMIT 5",
             "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 50) SELECT * FROM r",
             "INSERT INTO t1 (n) VALUES (7) RETURNING n, text", "REPLACE INTO t1 (id, n) VALUES (1, 1)",
             "INSERT INTO t3 SELECT seq FROM seq_1_to_1000", "SELECT SUM(a) FROM t3", "DELETE FROM t3 WHERE a > 10 LIMIT 5",
             "ALTER TABLE t2 ADD COLUMN more INT DEFAULT 5", "TRUNCATE TABLE t3", "DROP TABLE t3"]
    return made + ROUTINES + TRANSACTIONS + SESSION_STATE + WRONG + LOOKALIKES
