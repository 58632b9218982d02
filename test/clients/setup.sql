-- What the client programs find: made anew before each run, in a database of the client's own.

CREATE TABLE types (
  id INT PRIMARY KEY AUTO_INCREMENT,
  ti TINYINT, tu TINYINT UNSIGNED, si SMALLINT, mi MEDIUMINT, i INT, iu INT UNSIGNED, bi BIGINT, bu BIGINT UNSIGNED,
  f FLOAT, d DOUBLE, de DECIMAL(30,10), da DATE, t TIME(6), dt DATETIME(6), ts TIMESTAMP(6) NULL, y YEAR,
  c CHAR(10), vc VARCHAR(200), tx TEXT, b BINARY(4), vb VARBINARY(20), bl BLOB,
  e ENUM('a', 'b'), s SET('x', 'y', 'z'), bt BIT(10), j JSON
) CHARACTER SET utf8mb4;

INSERT INTO types VALUES
  (1, 1, 2, 3, 4, 5, 6, 7, 8, 1.5, 2.25, 3.125, '2024-02-29', '12:34:56.123456', '2024-02-29 12:34:56.123456',
   '2024-02-29 12:34:56.123456', 2024, 'char', 'varchar', 'text', 'bin', 'varbinary', 'blob', 'a', 'x,z', 5, '{"k": 1}'),
  (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
   NULL, NULL, NULL, NULL, NULL, NULL),
  (3, -128, 255, -32768, -8388608, -2147483648, 4294967295, -9223372036854775808, 18446744073709551615, -1.5, -1e100,
   -12345678901234567890.0123456789, '9999-12-31', '-838:59:59', '9999-12-31 23:59:59.999999',
   '2038-01-01 00:00:00', 2155, '', '', '', '', '', '', 'b', '', 1023, '[]');

CREATE TABLE items (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(100) UNIQUE, amount INT NOT NULL DEFAULT 0)
  ENGINE=InnoDB CHARACTER SET utf8mb4;
INSERT INTO items (id, name, amount) VALUES (1, 'one', 10), (2, 'two', 20), (3, 'three', 30);

CREATE TABLE numbers (n INT PRIMARY KEY);
INSERT INTO numbers SELECT seq FROM seq_1_to_1000;

CREATE TABLE big (id INT PRIMARY KEY, value LONGBLOB);
CREATE TABLE words (id INT PRIMARY KEY AUTO_INCREMENT, word VARCHAR(100)) CHARACTER SET utf8mb4;
CREATE TABLE loaded (a INT, b VARCHAR(20));

DELIMITER //
CREATE PROCEDURE double_it(IN given INT, OUT doubled INT, INOUT counter INT)
  BEGIN SET doubled = given * 2; SET counter = counter + 1; SELECT given AS given; SELECT doubled AS doubled, counter AS counter; END //
CREATE PROCEDURE fails_between() BEGIN SELECT 1 AS first; SELECT * FROM no_such_table; SELECT 2 AS second; END //
