/* The cases in C, with libmariadb: what only the C interface has, beside the usual. */

#include <mysql.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *user, *password, *database, *local_file, *mode;
static unsigned port;

static char *result; /* of the case that runs */
static size_t result_length;
static FILE *out; /* writes to result */

static void die(MYSQL *c, const char *what) {
  fprintf(out, "raised at %s: %u %s %s", what, mysql_errno(c), mysql_sqlstate(c), mysql_error(c));
}

static MYSQL *prepared_handle(void) {
  MYSQL *c = mysql_init(NULL);
  unsigned yes = 1;
  mysql_options(c, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_options(c, MYSQL_OPT_LOCAL_INFILE, &yes);
  if (strstr(mode, "tls")) mysql_options(c, MYSQL_OPT_SSL_ENFORCE, &(my_bool){1});
  if (strstr(mode, "compressed")) mysql_options(c, MYSQL_OPT_COMPRESS, NULL);
  return c;
}

static MYSQL *finish_connect(MYSQL *c, const char *name, const char *secret, const char *schema, unsigned long flags) {
  if (!mysql_real_connect(c, "127.0.0.1", name, secret, schema, port, NULL, flags)) {
    fprintf(out, "[%u %s %s]", mysql_errno(c), mysql_sqlstate(c), mysql_error(c));
    mysql_close(c);
    return NULL;
  }
  return c;
}

static MYSQL *open_connection(void) { return finish_connect(prepared_handle(), user, password, database, CLIENT_MULTI_STATEMENTS); }

static void print_result(MYSQL_RES *rows) {
  unsigned columns = mysql_num_fields(rows);
  for (MYSQL_ROW row; (row = mysql_fetch_row(rows));) {
    unsigned long *lengths = mysql_fetch_lengths(rows);
    fputc('(', out);
    for (unsigned i = 0; i < columns; i++) fprintf(out, "%s%.*s", i ? "," : "", row[i] ? (int)lengths[i] : 4, row[i] ? row[i] : "NULL");
    fputc(')', out);
  }
}

/* Every result of a statement, its counts and its error. */
static void query(MYSQL *c, const char *statement) {
  int state = mysql_query(c, statement);
  while (state == 0) {
    MYSQL_RES *rows = mysql_store_result(c);
    fputc('[', out);
    if (rows) print_result(rows);
    else if (mysql_errno(c) == 0) fprintf(out, "%llu rows, %s", (unsigned long long)mysql_affected_rows(c), mysql_info(c) ? mysql_info(c) : "-");
    fprintf(out, " warnings %u status %x]", mysql_warning_count(c), c->server_status);
    mysql_free_result(rows);
    state = mysql_next_result(c);
  }
  if (mysql_errno(c)) fprintf(out, "[%u %s %s]", mysql_errno(c), mysql_sqlstate(c), mysql_error(c));
}

static void *kill_later(void *statement) {
  usleep(400000);
  MYSQL *c = mysql_init(NULL);
  if (mysql_real_connect(c, "127.0.0.1", user, password, NULL, port, NULL, 0)) mysql_query(c, statement);
  mysql_close(c);
  return NULL;
}

static void case_connect(MYSQL *c) { query(c, "SELECT 1, 'one', NULL, DATABASE()"); fprintf(out, "%d", mysql_get_ssl_cipher(c) != NULL); }
static void case_wrong_password(MYSQL *c) { (void)c; finish_connect(prepared_handle(), user, "wrong", database, 0); }
static void case_unknown_database(MYSQL *c) { (void)c; finish_connect(prepared_handle(), user, password, "no_such_database", 0); }
static void case_unknown_user(MYSQL *c) { (void)c; finish_connect(prepared_handle(), "nobody_at_all", "", NULL, 0); }

static void case_server(MYSQL *c) {
  fprintf(out, "%s %lu %u %d capabilities ", mysql_get_server_info(c), mysql_get_server_version(c), mysql_get_proto_info(c), mysql_character_set_name(c)[0]);
  unsigned long extended = 0;
  mariadb_get_infov(c, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &extended);
  fprintf(out, "%lx extended %lx", c->server_capabilities, extended);
}

static void case_thread_id(MYSQL *c) {
  query(c, "SET @own = CONNECTION_ID()");
  char statement[80];
  snprintf(statement, sizeof statement, "SELECT @own = %lu", mysql_thread_id(c));
  query(c, statement);
}

static void case_commands(MYSQL *c) {
  const char *stat = mysql_stat(c);
  fprintf(out, "ping %d stat %d ", mysql_ping(c), stat && strncmp(stat, "Uptime", 6) == 0);
  fprintf(out, "refresh %d ", mysql_refresh(c, REFRESH_TABLES));
  fprintf(out, "%s ", mysql_error(c));
  fprintf(out, "debug %d %s ", mysql_dump_debug_info(c), mysql_error(c));
  fprintf(out, "option off %d ", mysql_set_server_option(c, MYSQL_OPTION_MULTI_STATEMENTS_OFF));
  query(c, "SELECT 1; SELECT 2");
  fprintf(out, "option on %d ", mysql_set_server_option(c, MYSQL_OPTION_MULTI_STATEMENTS_ON));
  query(c, "SELECT 1; SELECT 2");
  fprintf(out, "shutdown %d %s ", mysql_shutdown(c, SHUTDOWN_DEFAULT) != 0, mysql_error(c));
  query(c, "SELECT 3");
}

static void case_field_list(MYSQL *c) {
  MYSQL_RES *fields = mysql_list_fields(c, "types", NULL);
  if (!fields) { die(c, "list_fields"); return; }
  for (MYSQL_FIELD *f; (f = mysql_fetch_field(fields));) fprintf(out, "(%s %s %u %lu %u %s)", f->name, f->table, f->type, f->length, f->flags, f->def ? f->def : "-");
  mysql_free_result(fields);
  if (!mysql_list_fields(c, "no_such_table", NULL)) fprintf(out, "%u %s", mysql_errno(c), mysql_error(c));
  query(c, "SELECT 1");
}

static void case_process_list(MYSQL *c) {
  MYSQL_RES *rows = mysql_list_processes(c);
  fprintf(out, "%d", rows != NULL && mysql_num_fields(rows) >= 8);
  mysql_free_result(rows);
}

static void case_types(MYSQL *c) { query(c, "SELECT * FROM types ORDER BY id"); }

/* Prepared: every column as text by the client's own conversion; with and without a cursor. */
static void prepared_types(MYSQL *c, unsigned long cursor) {
  MYSQL_STMT *s = mysql_stmt_init(c);
  const char *text = "SELECT * FROM types WHERE id <= ? ORDER BY id";
  unsigned long fetch = 2;
  mysql_stmt_attr_set(s, STMT_ATTR_CURSOR_TYPE, &cursor);
  mysql_stmt_attr_set(s, STMT_ATTR_PREFETCH_ROWS, &fetch);
  int last = 3;
  MYSQL_BIND parameter = {.buffer_type = MYSQL_TYPE_LONG, .buffer = &last};
  if (mysql_stmt_prepare(s, text, strlen(text)) || mysql_stmt_bind_param(s, &parameter) || mysql_stmt_execute(s)) {
    fprintf(out, "%u %s", mysql_stmt_errno(s), mysql_stmt_error(s));
    mysql_stmt_close(s);
    return;
  }
  enum { COLUMNS = 27 };
  static char buffers[COLUMNS][256];
  static unsigned long lengths[COLUMNS];
  static my_bool nulls[COLUMNS];
  MYSQL_BIND binds[COLUMNS];
  memset(binds, 0, sizeof binds);
  for (int i = 0; i < COLUMNS; i++) binds[i] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_STRING, .buffer = buffers[i], .buffer_length = 256, .length = &lengths[i], .is_null = &nulls[i]};
  fprintf(out, "%lu parameters %u columns ", mysql_stmt_param_count(s), mysql_stmt_field_count(s));
  mysql_stmt_bind_result(s, binds);
  while (mysql_stmt_fetch(s) == 0) {
    fputc('(', out);
    for (int i = 0; i < COLUMNS; i++) {
      if (nulls[i]) fprintf(out, "NULL,");
      else for (unsigned long byte = 0; byte < lengths[i] || byte == lengths[i]; byte++) fputc(byte == lengths[i] ? ',' : buffers[i][byte] < 32 ? '.' : buffers[i][byte], out);
    }
    fputc(')', out);
  }
  fprintf(out, " reset %d again %d close %d", mysql_stmt_reset(s), mysql_stmt_execute(s), mysql_stmt_close(s));
  query(c, "SELECT 1");
}

static void case_prepared(MYSQL *c) { prepared_types(c, CURSOR_TYPE_NO_CURSOR); }
static void case_cursor(MYSQL *c) { prepared_types(c, CURSOR_TYPE_READ_ONLY); }

static void case_two_cursors(MYSQL *c) {
  MYSQL_STMT *s[2];
  unsigned long cursor = CURSOR_TYPE_READ_ONLY, fetch = 5;
  int n[2];
  MYSQL_BIND binds[2];
  memset(binds, 0, sizeof binds);
  for (int i = 0; i < 2; i++) {
    s[i] = mysql_stmt_init(c);
    mysql_stmt_attr_set(s[i], STMT_ATTR_CURSOR_TYPE, &cursor);
    mysql_stmt_attr_set(s[i], STMT_ATTR_PREFETCH_ROWS, &fetch);
    binds[i] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_LONG, .buffer = &n[i]};
    const char *text = "SELECT n FROM numbers ORDER BY n";
    if (mysql_stmt_prepare(s[i], text, strlen(text)) || mysql_stmt_execute(s[i]) || mysql_stmt_bind_result(s[i], &binds[i])) fprintf(out, "%s", mysql_stmt_error(s[i]));
  }
  long sum = 0;
  while (mysql_stmt_fetch(s[0]) == 0 && mysql_stmt_fetch(s[1]) == 0) sum += n[0] + n[1];
  fprintf(out, "%ld", sum);
  mysql_stmt_close(s[0]);
  mysql_stmt_close(s[1]);
  query(c, "SELECT 1");
}

static void case_bulk(MYSQL *c) {
  MYSQL_STMT *s = mysql_stmt_init(c);
  const char *text = "INSERT INTO loaded VALUES (?, ?)";
  enum { ROWS = 2000 };
  static int numbers[ROWS];
  static char *names[ROWS];
  static unsigned long lengths[ROWS];
  static char indicators[ROWS];
  for (int i = 0; i < ROWS; i++) {
    numbers[i] = i;
    names[i] = "bulk";
    lengths[i] = 4;
    indicators[i] = i % 7 == 0 ? STMT_INDICATOR_NULL : STMT_INDICATOR_NONE;
  }
  unsigned rows = ROWS;
  MYSQL_BIND binds[2] = {{.buffer_type = MYSQL_TYPE_LONG, .buffer = numbers}, {.buffer_type = MYSQL_TYPE_STRING, .buffer = names, .length = lengths, .u.indicator = indicators}};
  mysql_stmt_prepare(s, text, strlen(text));
  mysql_stmt_attr_set(s, STMT_ATTR_ARRAY_SIZE, &rows);
  mysql_stmt_bind_param(s, binds);
  fprintf(out, "%d %s", mysql_stmt_execute(s), mysql_stmt_error(s));
  mysql_stmt_close(s);
  query(c, "SELECT COUNT(*), SUM(a), COUNT(b) FROM loaded");
}

static void case_direct_execute(MYSQL *c) {
  MYSQL_STMT *s = mysql_stmt_init(c);
  fprintf(out, "%d ", mariadb_stmt_execute_direct(s, "INSERT INTO items (name) VALUES ('direct')", -1));
  fprintf(out, "%d ", mariadb_stmt_execute_direct(s, "SELECT * FROM no_such_table", -1));
  fprintf(out, "%s", mysql_stmt_error(s));
  mysql_stmt_close(s);
  query(c, "SELECT COUNT(*) FROM items WHERE name = 'direct'");
}

static void case_long_data(MYSQL *c) {
  MYSQL_STMT *s = mysql_stmt_init(c);
  const char *text = "REPLACE INTO big VALUES (1, ?)";
  MYSQL_BIND bind = {.buffer_type = MYSQL_TYPE_LONG_BLOB};
  mysql_stmt_prepare(s, text, strlen(text));
  mysql_stmt_bind_param(s, &bind);
  static char chunk[1 << 20];
  memset(chunk, 'l', sizeof chunk);
  for (int i = 0; i < 33; i++) mysql_stmt_send_long_data(s, 0, chunk, sizeof chunk - i);
  fprintf(out, "%d %s", mysql_stmt_execute(s), mysql_stmt_error(s));
  mysql_stmt_close(s);
  query(c, "SELECT LENGTH(value), MD5(value) FROM big WHERE id = 1");
}

static void case_big_values(MYSQL *c) {
  static const unsigned long sizes[] = {(1 << 24) - 40, (1 << 24) - 34, (1 << 24) - 33, (1 << 24) - 32, (1 << 24) - 31, (1 << 24) - 1, 1 << 24, (1 << 24) + 1, 1 << 25};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    char *statement = malloc(sizes[i] + 100);
    int head = sprintf(statement, "REPLACE INTO big VALUES (2, '");
    memset(statement + head, 'v', sizes[i]);
    strcpy(statement + head + sizes[i], "')");
    fprintf(out, "%d ", mysql_real_query(c, statement, head + sizes[i] + 2));
    free(statement);
    mysql_query(c, "SELECT value FROM big WHERE id = 2");
    MYSQL_RES *rows = i % 2 ? mysql_use_result(c) : mysql_store_result(c);
    MYSQL_ROW row = rows ? mysql_fetch_row(rows) : NULL;
    unsigned long same = 0;
    if (row) for (unsigned long byte = 0; byte < mysql_fetch_lengths(rows)[0]; byte++) same += row[0][byte] == 'v';
    fprintf(out, "%lu %d, ", same, same == sizes[i]);
    mysql_free_result(rows);
  }
}

static void case_pipeline(MYSQL *c) {
  static const char *statements[] = {"SELECT 1", "INSERT INTO items (name) VALUES ('pipe')", "SELEC", "SELECT 'four'"};
  for (int i = 0; i < 4; i++) mysql_send_query(c, statements[i], strlen(statements[i]));
  for (int i = 0; i < 4; i++) {
    if (mysql_read_query_result(c)) { fprintf(out, "[%u]", mysql_errno(c)); continue; }
    MYSQL_RES *rows = mysql_store_result(c);
    if (rows) print_result(rows);
    else fprintf(out, "(%llu)", (unsigned long long)mysql_affected_rows(c));
    mysql_free_result(rows);
  }
}

static void case_multi(MYSQL *c) { query(c, "SELECT 1; INSERT INTO items (name) VALUES ('multi'); SELECT 2, 3; SELECT * FROM no_such_table; SELECT 4"); query(c, "SELECT 5"); }
static void case_procedure(MYSQL *c) { query(c, "SET @n = 5; CALL double_it(21, @d, @n); SELECT @d, @n; CALL fails_between()"); query(c, "SELECT 1"); }

static void case_kill_query(MYSQL *c) {
  char statement[80];
  snprintf(statement, sizeof statement, "KILL QUERY %lu", mysql_thread_id(c));
  pthread_t killer;
  pthread_create(&killer, NULL, kill_later, statement);
  query(c, "SELECT COUNT(*) FROM numbers a, numbers b, numbers c, numbers d");
  pthread_join(killer, NULL);
  query(c, "SELECT 1");
}

static void case_cancel(MYSQL *c) {
  MYSQL *other = open_connection();
  fprintf(out, "process kill %d ", mysql_kill(other, mysql_thread_id(c)));
  usleep(200000);
  fprintf(out, "ping %d ", mysql_ping(c) != 0);
  fprintf(out, "unknown %d %u", mysql_kill(other, 99999999), mysql_errno(other));
  mysql_close(other);
}

static void case_reconnect(MYSQL *c) {
  my_bool yes = 1;
  mysql_options(c, MYSQL_OPT_RECONNECT, &yes);
  char statement[80];
  snprintf(statement, sizeof statement, "KILL CONNECTION %lu", mysql_thread_id(c));
  kill_later(statement);
  usleep(100000);
  query(c, "SELECT 'again'");
}

static void case_change_user(MYSQL *c) {
  query(c, "SET @a = 1; CREATE TEMPORARY TABLE gone (a INT)");
  fprintf(out, "%d ", mysql_change_user(c, "other", "other_password", database));
  query(c, "SELECT CURRENT_USER(), DATABASE(), @a; SELECT * FROM gone");
  fprintf(out, "%d ", mysql_change_user(c, user, password, NULL));
  query(c, "SELECT CURRENT_USER(), DATABASE()");
  fprintf(out, "%d %u %s ", mysql_change_user(c, user, "wrong", NULL), mysql_errno(c), mysql_error(c));
  fprintf(out, "usable %d", mysql_query(c, "SELECT 1") == 0);
}

static void case_reset_connection(MYSQL *c) {
  query(c, "SET @a = 1; BEGIN; DELETE FROM items");
  fprintf(out, "%d ", mysql_reset_connection(c));
  query(c, "SELECT @a, COUNT(*) > 0 FROM items");
}

static void case_session_tracking(MYSQL *c) {
  query(c, "SET session_track_system_variables = '*', session_track_schema = 1, session_track_state_change = 1, session_track_transaction_info = 'CHARACTERISTICS'");
  static const char *statements[] = {"USE information_schema", "SET autocommit = 0", "SET NAMES latin1", "BEGIN", "SET @x = 1", "COMMIT"};
  for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
    mysql_query(c, statements[i]);
    fprintf(out, "%s:", statements[i]);
    for (int type = SESSION_TRACK_BEGIN; type <= SESSION_TRACK_END; type++) {
      const char *text;
      size_t length;
      for (int more = mysql_session_track_get_first(c, type, &text, &length); more == 0; more = mysql_session_track_get_next(c, type, &text, &length))
        fprintf(out, " %d=%.*s", type, (int)length, text);
    }
    fprintf(out, "; ");
  }
}

static void case_transactions(MYSQL *c) {
  mysql_autocommit(c, 0);
  query(c, "INSERT INTO items (name) VALUES ('t1'); SAVEPOINT s1; INSERT INTO items (name) VALUES ('t2'); ROLLBACK TO s1");
  fprintf(out, "commit %d ", mysql_commit(c));
  query(c, "DELETE FROM items");
  fprintf(out, "rollback %d ", mysql_rollback(c));
  query(c, "SELECT name FROM items WHERE name LIKE 't_'");
}

static void case_errors(MYSQL *c) {
  static const char *statements[] = {"INSERT INTO items (name) VALUES ('one')", "SELEC 1", "SELECT * FROM no_such_table",
    "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'eigener Fehler: ä', MYSQL_ERRNO = 3333", ";", "", "DROP TABLE mysql.user", "KILL 999999"};
  for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) query(c, statements[i]);
}

static void case_row_counts(MYSQL *c) {
  query(c, "INSERT INTO items (id, name) VALUES (101, 'r1'), (102, 'r2'); UPDATE items SET amount = 1 WHERE name LIKE 'r_'; UPDATE items SET amount = 1 WHERE name LIKE 'r_';"
    " INSERT IGNORE INTO items (id, name) VALUES (1, 'one'), (77, REPEAT('w', 200)); SHOW WARNINGS; DELETE FROM items WHERE name LIKE 'r_'");
  fprintf(out, "%llu", (unsigned long long)mysql_insert_id(c));
  MYSQL *found = finish_connect(prepared_handle(), user, password, database, CLIENT_FOUND_ROWS);
  query(found, "UPDATE items SET amount = amount WHERE id < 3");
  mysql_close(found);
}

static void case_unicode(MYSQL *c) {
  query(c, "INSERT INTO words (word) VALUES ('ä ö ü ß'), ('😀👍🏽'), ('日本語')");
  query(c, "SELECT word, HEX(word), CHAR_LENGTH(word) FROM words ORDER BY id");
  mysql_set_character_set(c, "latin1");
  query(c, "INSERT INTO words (word) VALUES ('\xe9')");
  query(c, "SELECT HEX(word), @@character_set_client FROM words ORDER BY id DESC LIMIT 1");
}

static void case_load_data_local(MYSQL *c) {
  char statement[1000];
  snprintf(statement, sizeof statement, "LOAD DATA LOCAL INFILE '%s' INTO TABLE loaded FIELDS TERMINATED BY ','", local_file);
  query(c, statement);
  query(c, "LOAD DATA LOCAL INFILE '/no/such/file' INTO TABLE loaded");
  query(c, "SELECT COUNT(*), SUM(a), MAX(b) FROM loaded");
  snprintf(statement, sizeof statement, "SELECT 1; LOAD DATA LOCAL INFILE '%s' INTO TABLE loaded FIELDS TERMINATED BY ','; SELECT COUNT(*) FROM loaded", local_file);
  query(c, statement);
}

static void case_non_blocking(MYSQL *c) {
  (void)c;
  MYSQL *own = prepared_handle();
  mysql_options(own, MYSQL_OPT_NONBLOCK, 0);
  MYSQL *connected = NULL;
  int wait = mysql_real_connect_start(&connected, own, "127.0.0.1", user, password, database, port, NULL, 0);
  while (wait) { usleep(1000); wait = mysql_real_connect_cont(&connected, own, wait); }
  int error = 0;
  wait = mysql_query_start(&error, own, "SELECT SLEEP(0.1), 'done'");
  while (wait) { usleep(1000); wait = mysql_query_cont(&error, own, wait); }
  MYSQL_RES *rows = mysql_store_result(own);
  if (rows) print_result(rows);
  mysql_free_result(rows);
  fprintf(out, " %d", error);
  mysql_close(own);
}

static void case_progress(MYSQL *c) { query(c, "ALTER TABLE numbers ADD COLUMN more INT, ALGORITHM=COPY"); query(c, "SELECT COUNT(*) FROM numbers"); }

static void case_attributes(MYSQL *c) {
  (void)c;
  MYSQL *own = prepared_handle();
  mysql_options4(own, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "cases");
  if (!finish_connect(own, user, password, database, 0)) return;
  query(own, "SELECT ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs WHERE PROCESSLIST_ID = CONNECTION_ID()"
    " AND ATTR_NAME NOT IN ('_pid', '_thread', '_server_host') ORDER BY ORDINAL_POSITION");
  mysql_close(own);
}

static void case_read_timeout(MYSQL *c) {
  (void)c;
  MYSQL *own = prepared_handle();
  unsigned one = 1;
  mysql_options(own, MYSQL_OPT_READ_TIMEOUT, &one);
  if (!finish_connect(own, user, password, database, 0)) return;
  mysql_query(own, "SELECT SLEEP(4)");
  fprintf(out, "%u %s", mysql_errno(own), mysql_error(own));
  mysql_close(own);
}

static void case_show_proxysession(MYSQL *c) {
  int fields = mysql_query(c, "SHOW PROXYSESSION") == 0 ? 0 : -1;
  if (fields < 0) { die(c, "query"); return; }
  MYSQL_RES *rows = mysql_store_result(c);
  fputs(mysql_num_fields(rows) == 13 && mysql_num_rows(rows) > 0 ? "true" : "false", out);
  mysql_free_result(rows);
}

static void case_kill_proxysession(MYSQL *c) {
  MYSQL *victim = open_connection();
  char statement[80];
  snprintf(statement, sizeof statement, "KILL PROXYSESSION %lu", mysql_thread_id(victim));
  if (mysql_query(c, statement)) { die(c, "kill"); mysql_close(victim); return; }
  fprintf(out, "[0, %s, ", mysql_ping(victim) ? "true" : "false");
  mysql_query(c, statement);
  fprintf(out, "%u]", mysql_errno(c));
  mysql_close(victim);
}

#define CASE(name) {#name, case_##name}
static const struct { const char *name; void (*run)(MYSQL *); } cases[] = {
  CASE(connect), CASE(wrong_password), CASE(unknown_database), CASE(unknown_user), CASE(server), CASE(thread_id), CASE(commands), CASE(field_list),
  CASE(process_list), CASE(types), CASE(prepared), CASE(cursor), CASE(two_cursors), CASE(bulk), CASE(direct_execute), CASE(long_data), CASE(big_values),
  CASE(pipeline), CASE(multi), CASE(procedure), CASE(kill_query), CASE(cancel), CASE(reconnect), CASE(change_user), CASE(reset_connection),
  CASE(session_tracking), CASE(transactions), CASE(errors), CASE(row_counts), CASE(unicode), CASE(load_data_local), CASE(non_blocking), CASE(progress),
  CASE(attributes), CASE(read_timeout), CASE(show_proxysession), CASE(kill_proxysession),
};

int main(int count, char **words) {
  if (count < 7) return 2;
  port = (unsigned)atoi(words[1]), user = words[2], password = words[3], database = words[4], local_file = words[5], mode = words[6];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    out = open_memstream(&result, &result_length);
    MYSQL *c = open_connection();
    if (c) cases[i].run(c);
    mysql_close(c);
    fclose(out);
    for (size_t byte = 0; byte < result_length; byte++) if (result[byte] == '\n') result[byte] = ' ';
    printf("%s: ", cases[i].name);
    fwrite(result, 1, result_length, stdout);
    puts("");
    fflush(stdout);
    free(result);
  }
  return 0;
}
