"""What the sessions of a recovery round are set to: system variables, user variables and prepared statements of every kind."""

# Each value is one that another follows from, or is followed by, in somebody's real session. SET takes all of them from an ordinary
# account of MariaDB 10.11.
SYSTEM_VARIABLES = {
    "alter_algorithm": ("'INPLACE'", "'COPY'", "DEFAULT"), "analyze_sample_percentage": ("50", "0.5"), "aria_sort_buffer_size": ("16777216",),
    "auto_increment_increment": ("5", "10", "1"), "auto_increment_offset": ("3", "1"), "big_tables": ("ON", "0"),
    "bulk_insert_buffer_size": ("1048576",), "character_set_client": ("utf8mb4", "latin1", "'utf8mb3'", "binary"),
    "character_set_connection": ("latin1", "utf8mb4", "ucs2", "koi8r"), "character_set_filesystem": ("utf8mb4",),
    "character_set_results": ("NULL", "utf8mb4", "latin1", "binary"), "character_set_server": ("utf8mb4", "latin2"),
    "check_constraint_checks": ("OFF", "1"), "collation_connection": ("utf8mb4_bin", "latin1_german2_ci", "utf8mb4_uca1400_ai_ci"),
    "collation_server": ("utf8mb4_unicode_ci",), "column_compression_threshold": ("50",), "completion_type": ("CHAIN", "NO_CHAIN", "0"),
    "deadlock_search_depth_long": ("10",), "default_regex_flags": ("'DOTALL,MULTILINE'", "''"), "default_storage_engine": ("MyISAM", "'Aria'"),
    "default_tmp_storage_engine": ("MEMORY", "NULL"), "default_week_format": ("3", "0"), "div_precision_increment": ("8", "0", "30"),
    "eq_range_index_dive_limit": ("0", "1000"), "expensive_subquery_limit": ("1",),
    "foreign_key_checks": ("0", "ON", "off"), "group_concat_max_len": ("4", "1000000", "18446744073709551615"),
    "histogram_size": ("100",), "histogram_type": ("SINGLE_PREC_HB",), "idle_transaction_timeout": ("3600",),
    "in_predicate_conversion_threshold": ("10",), "innodb_lock_wait_timeout": ("3", "1"), "innodb_strict_mode": ("OFF", "ON"),
    "innodb_table_locks": ("0",), "interactive_timeout": ("4000",), "join_buffer_size": ("1048576", "128 * 1024"), "join_cache_level": ("8",),
    "lc_messages": ("'de_DE'", "fr_FR", "ja_JP", "en_US"), "lc_time_names": ("'ru_RU'", "de_AT", "en_US"), "lock_wait_timeout": ("4",),
    "log_slow_rate_limit": ("2",), "log_slow_verbosity": ("'query_plan,innodb'", "''"), "long_query_time": ("2.5", "0.000001"),
    "low_priority_updates": ("1",), "max_error_count": ("0", "10"), "max_heap_table_size": ("1048576",), "max_join_size": ("1000000", "1"),
    "max_length_for_sort_data": ("2048",), "max_recursive_iterations": ("100",), "max_rowid_filter_size": ("2048",),
    "max_seeks_for_key": ("10",), "max_session_mem_used": ("1000000000",), "max_sort_length": ("64",), "max_sp_recursion_depth": ("5", "255"),
    "max_statement_time": ("100.5", "0"), "max_tmp_tables": ("20",), "min_examined_row_limit": ("1",), "mrr_buffer_size": ("1048576",),
    "myisam_sort_buffer_size": ("8388608",), "myisam_stats_method": ("'nulls_equal'",), "net_read_timeout": ("61",),
    "net_retry_count": ("3",), "net_write_timeout": ("120",), "note_verbosity": ("'basic'", "'all'"), "old_alter_table": ("2",),
    "old_mode": ("''", "'NO_PROGRESS_INFO'", "UTF8_IS_UTF8MB3"), "optimizer_prune_level": ("0",), "optimizer_search_depth": ("0",),
    "optimizer_selectivity_sampling_limit": ("50",), "optimizer_switch": ("'mrr=on,index_merge=off'", "'default'", "'rowid_filter=off'"),
    "optimizer_trace": ("'enabled=on'", "'enabled=off'"), "optimizer_use_condition_selectivity": ("1",), "profiling": ("1", "0"),
    "profiling_history_size": ("3",), "progress_report_time": ("0",), "query_cache_strip_comments": ("ON",), "query_cache_type": ("OFF",),
    "query_prealloc_size": ("65536",), "range_alloc_block_size": ("8192",), "read_buffer_size": ("16384",), "read_rnd_buffer_size": ("100000",),
    "rowid_merge_buff_size": ("0",), "session_track_schema": ("OFF", "ON"), "session_track_state_change": ("ON",),
    "session_track_system_variables": ("'sql_mode'", "''", "'autocommit,time_zone'"), "session_track_transaction_info": ("STATE",),
    "sort_buffer_size": ("100000", "4194304"), "sql_auto_is_null": ("1", "0"), "sql_big_selects": ("0", "1"), "sql_buffer_result": ("ON",),
    "sql_if_exists": ("1",), "sql_notes": ("0",), "sql_quote_show_create": ("OFF",), "sql_safe_updates": ("1", "0"),
    "sql_select_limit": ("1000", "1", "DEFAULT"), "sql_warnings": ("ON",), "standard_compliant_cte": ("OFF",),
    "sql_mode": ("''", "'ANSI_QUOTES'", "'ANSI'", "TRADITIONAL", "'PIPES_AS_CONCAT,IGNORE_SPACE'", "'NO_BACKSLASH_ESCAPES'", "'ORACLE'",
                 "'EMPTY_STRING_IS_NULL'", "'PAD_CHAR_TO_FULL_LENGTH,HIGH_NOT_PRECEDENCE'", "'MSSQL'", "DEFAULT", "0", "4194304",
                 "'SIMULTANEOUS_ASSIGNMENT,NO_UNSIGNED_SUBTRACTION'", "CONCAT(@@sql_mode, ',NO_ZERO_DATE')"),
    "storage_engine": ("MyISAM",), "system_versioning_alter_history": ("KEEP",),
    "system_versioning_asof": ("'2030-01-01 00:00:00'", "DEFAULT"), "tcp_nodelay": ("OFF",), "thread_pool_priority": ("high",),
    "time_zone": ("'+05:30'", "'-11:00'", "SYSTEM", "'+00:00'"), "tmp_disk_table_size": ("1073741824",), "tmp_memory_table_size": ("65536",),
    "tmp_table_size": ("1000000", "2 * 1000000"), "transaction_alloc_block_size": ("16384",), "transaction_prealloc_size": ("8192",),
    "tx_isolation": ("'READ-COMMITTED'", "'SERIALIZABLE'", "'REPEATABLE-READ'", "'READ-UNCOMMITTED'"), "tx_read_only": ("1", "OFF"),
    "unique_checks": ("0", "1"), "updatable_views_with_limit": ("NO",), "use_stat_tables": ("NEVER",), "wait_timeout": ("3000", "600"),
    # What looks like a variable and says something else as well.
    "timestamp": ("1700000000", "1234567890.123456", "DEFAULT"), "last_insert_id": ("4711", "9223372036854775808"), "identity": ("12",),
    "rand_seed1": ("5",), "rand_seed2": ("6",)}

# Not as SET SESSION: these are what the program at hand would set, in other words.
PLAIN_STATEMENTS = (
    "SET NAMES utf8mb4", "SET NAMES latin1", "SET NAMES 'utf8mb3' COLLATE 'utf8mb3_bin'", "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci",
    "SET NAMES DEFAULT", "SET NAMES koi8r", "SET NAMES utf8", "set names binary", "SET CHARACTER SET latin1", "SET CHARSET utf8mb4",
    "SET CHARACTER SET DEFAULT", "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY", "SET LOCAL TRANSACTION READ WRITE", "SET @@autocommit = 1",
    "/*!40101 SET NAMES utf8mb4 */", "/*!50503 SET character_set_client = utf8mb4 */", "/*!40103 SET TIME_ZONE='+00:00' */",
    "/*M!100100 SET sql_mode = 'ANSI' */", "/* a comment; SET @x = 1 */ SET /* another */ @@session.sql_notes /* third */ = 0 -- end",
    "/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */", "/*!40101 SET SQL_MODE=@OLD_SQL_MODE */",
    "/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */", "SET sort_buffer_size = @@sort_buffer_size * 2, @size = @@sort_buffer_size",
    "SET SESSION sql_mode = REPLACE(@@sql_mode, 'STRICT_TRANS_TABLES', '')", "SET wait_timeout = (SELECT 4 * 1000)",
    "SET SESSION lock_wait_timeout = 5, GROUP_CONCAT_MAX_LEN = 4000, @in_between = 'x', @@local.time_zone := '+03:00'",
    "SET STATEMENT max_statement_time = 50, sort_buffer_size = 100000 FOR SELECT 1",
    "SET STATEMENT sql_mode = 'ANSI_QUOTES' FOR SET @inner_mode = @@sql_mode", "SET sql_mode = 'NO_SUCH_MODE'",
    "SET @before = 1, sql_mode = 'NO_SUCH_MODE', @behind = 2", "SET @first = 1, wait_timeout = 'text', time_zone = '+02:00'")

USER_VALUES = (
    "1", "-1", "0", "18446744073709551615", "-9223372036854775808", "9223372036854775808", "TRUE", "1.50", "-0.000", "0.1 + 0.2", "1.10 * 3",
    "99999999999999999999999999999999999.999999999999999999999999999999", "1e0", "-1.7976931348623157e308", "2.2250738585072014e-308",
    "0.1e0 + 0.2e0", "-0e0", "1e16", "1/3", "1e0/3", "PI()", "''", "'text'", "'it''s \"quoted\" `ticked`'", "'100% _like_'", "'back\\\\slash \\n \\0 end'",
    "'ü€'", "'emoji 😀'", "_utf8mb4 X'F09F9880'", "_utf8mb4 'x' COLLATE utf8mb4_bin", "_latin1 X'E9'", "_latin1'a' COLLATE latin1_german2_ci",
    "_ucs2 X'00410042'", "_utf16 X'D83DDE00'", "_sjis X'8C4E'", "_gbk X'815C27'", "N'national'", "X'00FF275C'", "_binary X'0001'", "0x41", "b'1010'",
    "'a' 'b' 'c'", "NULL", "DATE '2024-02-29'", "TIME '-838:59:59'", "TIMESTAMP '2024-01-01 00:00:00.123456'", "CAST('12:34:56.7' AS TIME(3))",
    "CAST('x' AS CHAR(10))", "CAST(12 AS UNSIGNED)", "CAST('-7.125' AS DECIMAL(30,10))", "CAST(1.5 AS FLOAT)", "JSON_OBJECT('a', 1)", "POINT(1, 2)",
    "REPEAT('x', 255)", "REPEAT('é', 40000)", "UNHEX('E282')", "ROUND(2.5, 1)", "COALESCE(NULL, 7)", "@@sql_mode", "@@max_allowed_packet", "@other",
    "CONCAT(@other, 'x')", "NOW(6)", "UUID()", "CONNECTION_ID() > 0", "'' COLLATE utf8mb4_uca1400_as_cs", "INET6_ATON('::1')", "VERSION()")

USER_NAMES = ("a", "b", "other", "Mixed_Case", "`odd name`", "'it''s'", '`"`', "`back``tick`", "a.b", "$cash", "`ü`", "x" * 64, "`;`", "`-- `", "`0`")

# text, values of its parameters
PREPARED = (
    ("SELECT ?", ("plain",)), ("SELECT ? + 1, ?", (41, "x")), ("SELECT ?, NULL, ?", (None, "ü😀")), ("SELECT DATABASE(), ?", (7,)),
    ("SELECT name FROM items WHERE id <= ? ORDER BY id", (2,)), ("SELECT COUNT(*) FROM items", ()), ("SELECT @other, ?", ("x",)),
    ("SELECT 'a' || 'b', ?", (1,)), ("SELECT CHARSET('literal'), COLLATION(?)", ("x",)), ("SELECT @@sql_mode, @@time_zone", ()), ("DO ?", (1,)),
    ("SELECT HEX(CAST(? AS CHAR))", ("é",)), ("SELECT LENGTH(?)", ("y" * 5000,)), ("SELECT FROM_UNIXTIME(?)", (86400,)), ("SELECT 7 / ?", (3,)),
    ("SELECT seq FROM seq_1_to_20 WHERE seq > ?", (15,)), ("SELECT LAST_INSERT_ID() + ?", (1,)), ("SHOW TABLES", ()),
    ("SELECT " + ", ".join(["?"] * 40), tuple(range(40))), ("SELECT \"double\", ?", (5,)))

# What one session does between its states, and what leaves nothing of itself.
HARMLESS = (
    "SELECT 1", "SELECT * FROM items LIMIT 2", "SHOW TABLES", "SELECT 'SET @x = 1', \"GET_LOCK('a', 0)\"", "SELECT 1 -- CREATE TEMPORARY TABLE x (a INT)",
    "SELECT /* LOCK TABLES items READ */ 2", "SELECT * FROM nowhere", "SELEC 1", "DO SLEEP(0)", "SELECT REPEAT('x', 20000)", "SHOW WARNINGS",
    "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()", "EXPLAIN SELECT * FROM items", "SELECT 1 WHERE FALSE",
    "UPDATE items SET name = name WHERE id = 1", "DELETE FROM items WHERE id = -1", "SELECT ROW_COUNT(), FOUND_ROWS()", "SHOW CREATE TABLE items")
