/* What MariaDB's Connector/C makes of the extended capabilities: bulk operations, cached and extended metadata, session
 * tracking, progress reports. Prints what it got; the test compares that through the proxy and without it.
 * usage: capabilities PORT */
#include <mysql.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static MYSQL *session;
static int progress_reports;

static void must(int failed, const char *what) {
  if (!failed) return;
  printf("%s: %u %s %s\n", what, mysql_errno(session), mysql_sqlstate(session), mysql_error(session));
  exit(1);
}

static void run(const char *statement) {
  must(mysql_real_query(session, statement, strlen(statement)), statement);
}

static void on_progress(const MYSQL *of, unsigned stage, unsigned stages, double done, const char *what, unsigned length) {
  (void)of, (void)stage, (void)stages, (void)done, (void)what, (void)length;
  ++progress_reports;
}

static void show_rows(const char *statement) {
  run(statement);
  MYSQL_RES *result = mysql_store_result(session);
  for (MYSQL_ROW row; (row = mysql_fetch_row(result)) != NULL;) printf("%s: %s %s\n", statement, row[0], row[1]);
  mysql_free_result(result);
}

static void bulk(void) {
  enum { rows = 2000 };
  static int ids[rows];
  static char *words[rows];
  static unsigned long lengths[rows];
  static char null_or_not[rows];
  static char content[rows][64];
  for (int at = 0; at < rows; ++at) {
    ids[at] = at;
    lengths[at] = (unsigned long)snprintf(content[at], sizeof content[at], "row %d of many", at);
    words[at] = content[at];
    null_or_not[at] = at % 3 == 0 ? STMT_INDICATOR_NULL : STMT_INDICATOR_NTS;
  }
  MYSQL_STMT *statement = mysql_stmt_init(session);
  const char *text = "INSERT INTO bulk VALUES (?, ?)";
  must(mysql_stmt_prepare(statement, text, strlen(text)), "prepare");
  unsigned size = rows;
  mysql_stmt_attr_set(statement, STMT_ATTR_ARRAY_SIZE, &size);
  MYSQL_BIND bind[2];
  memset(bind, 0, sizeof bind);
  bind[0].buffer_type = MYSQL_TYPE_LONG;
  bind[0].buffer = ids;
  bind[1].buffer_type = MYSQL_TYPE_STRING;
  bind[1].buffer = words;
  bind[1].length = lengths;
  bind[1].u.indicator = null_or_not;
  must(mysql_stmt_bind_param(statement, bind), "bind");
  must(mysql_stmt_execute(statement), "bulk execute");
  printf("bulk: %llu rows\n", (unsigned long long)mysql_stmt_affected_rows(statement));
  printf("bulk again: %d, %u\n", mysql_stmt_execute(statement), mysql_stmt_errno(statement));
  mysql_stmt_close(statement);
  show_rows("SELECT COUNT(*), COUNT(word) FROM bulk");
}

static void execute_and_print(MYSQL_STMT *statement, const char *when) {
  if (mysql_stmt_execute(statement)) {
    printf("%s: %u %s\n", when, mysql_stmt_errno(statement), mysql_stmt_error(statement));
    return;
  }
  char buffers[4][100];
  unsigned long lengths[4];
  char nulls[4];
  MYSQL_BIND bind[4];
  memset(bind, 0, sizeof bind);
  for (int at = 0; at < 4; ++at) {
    bind[at].buffer_type = MYSQL_TYPE_STRING;
    bind[at].buffer = buffers[at];
    bind[at].buffer_length = sizeof buffers[at];
    bind[at].length = &lengths[at];
    bind[at].is_null = &nulls[at];
  }
  const unsigned columns = mysql_stmt_field_count(statement);
  must(mysql_stmt_bind_result(statement, bind), "bind result");
  must(mysql_stmt_store_result(statement), "store result");
  printf("%s: %u columns, %llu rows\n", when, columns, (unsigned long long)mysql_stmt_num_rows(statement));
  while (mysql_stmt_fetch(statement) == 0) {
    for (unsigned at = 0; at < columns; ++at) printf(" %.*s", nulls[at] ? 4 : (int)lengths[at], nulls[at] ? "NULL" : buffers[at]);
    printf("\n");
  }
  mysql_stmt_free_result(statement);
}

static void cached_metadata(void) {
  run("CREATE OR REPLACE TABLE cached (a INT, b VARCHAR(20))");
  run("INSERT INTO cached VALUES (1, 'one'), (2, NULL)");
  MYSQL_STMT *statement = mysql_stmt_init(session);
  const char *text = "SELECT * FROM cached ORDER BY a";
  must(mysql_stmt_prepare(statement, text, strlen(text)), "prepare");
  execute_and_print(statement, "first");
  execute_and_print(statement, "with cached metadata");
  run("ALTER TABLE cached ADD c DOUBLE DEFAULT 1.5, MODIFY b TEXT");
  execute_and_print(statement, "after the table has changed");
  execute_and_print(statement, "cached again");
  mysql_stmt_close(statement);
}

static void extended_metadata(void) {
  run("SELECT CAST('{}' AS CHAR) c, j, g, u, i FROM extended");
  MYSQL_RES *result = mysql_store_result(session);
  for (MYSQL_FIELD *field; (field = mysql_fetch_field(result)) != NULL;) {
    MARIADB_CONST_STRING type = {"", 0};
    MARIADB_CONST_STRING format = {"", 0};
    mariadb_field_attr(&type, field, MARIADB_FIELD_ATTR_DATA_TYPE_NAME);
    mariadb_field_attr(&format, field, MARIADB_FIELD_ATTR_FORMAT_NAME);
    printf("%s: type '%.*s' format '%.*s'\n", field->name, (int)type.length, type.str, (int)format.length, format.str);
  }
  mysql_free_result(result);
}

static void session_track(void) {
  const char *statements[] = {"USE mysql", "USE capabilities", "SET NAMES latin1", "SET autocommit = 0", "SET autocommit = 1"};
  for (unsigned at = 0; at < sizeof statements / sizeof *statements; ++at) {
    run(statements[at]);
    for (int kind = SESSION_TRACK_BEGIN; kind <= SESSION_TRACK_END; ++kind) {
      const char *data;
      size_t length;
      int more = mysql_session_track_get_first(session, (enum enum_session_state_type)kind, &data, &length);
      for (; more == 0; more = mysql_session_track_get_next(session, (enum enum_session_state_type)kind, &data, &length)) {
        printf("%s: %d %.*s\n", statements[at], kind, (int)length, data);
      }
    }
  }
}

static void progress(void) {
  run("SET SESSION progress_report_time = 1");
  run("CREATE OR REPLACE TABLE slow ENGINE=InnoDB AS SELECT seq, REPEAT('x', 50) v FROM seq_1_to_600000");
  for (int turn = 0; turn < 12 && progress_reports == 0; ++turn) {
    run(turn % 2 ? "ALTER TABLE slow ADD KEY (v), ALGORITHM=COPY" : "ALTER TABLE slow DROP KEY IF EXISTS v, ALGORITHM=COPY");
  }
  printf("progress: %s\n", progress_reports ? "reported" : "none");
  run("DROP TABLE slow");
}

int main(int count, char **words) {
  if (count != 2) return 2;
  session = mysql_init(NULL);
  mysql_options(session, MYSQL_PROGRESS_CALLBACK, (void *)on_progress);
  mysql_options(session, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  if (!mysql_real_connect(session, "127.0.0.1", "root", "root_password", NULL, (unsigned)atoi(words[1]), NULL,
                          CLIENT_MULTI_STATEMENTS | CLIENT_REMEMBER_OPTIONS)) {
    must(1, "connect");
  }
  run("CREATE OR REPLACE DATABASE capabilities");
  run("USE capabilities");
  run("CREATE TABLE bulk (id INT PRIMARY KEY, word VARCHAR(100))");
  run("CREATE TABLE extended (j JSON, g POINT, u UUID, i INET6)");
  unsigned long extended = 0;
  mariadb_get_infov(session, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &extended);
  printf("extended capabilities of the server: %lx\n", extended);
  bulk();
  cached_metadata();
  extended_metadata();
  session_track();
  progress();
  run("DROP DATABASE capabilities");
  mysql_close(session);
  return 0;
}
