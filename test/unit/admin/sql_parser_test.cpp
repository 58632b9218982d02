#include "admin/sql_parser.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sessiongate::admin {
namespace {

using namespace std::string_view_literals;
using parse_result = std::variant<not_ours, statement, failure>;

std::string describe(const table_query& query) {
  std::string text;
  for (const auto& each : query.where.all) {
    const bool like = each.column == "attribute_name" && each.op == comparison_op::like;
    text += like ? " like " + each.values.front().text : ' ' + to_text(predicate{{each}});
  }
  for (const auto& each : query.order) text += (each.descending ? " desc " : " asc ") + each.column;
  if (query.limit) text += " limit " + std::to_string(*query.limit);
  if (query.offset != 0) text += " offset " + std::to_string(query.offset);
  return text;
}
std::string describe(const show_table& what) {
  constexpr std::array names{"list",        "processes", "variables", "session stats", "closed",   "config",  "threads",
                             "connections", "stats",     "memory",    "info",          "clusters", "version", "help"};
  return names.at(static_cast<std::size_t>(what.what)) + std::string(what.full ? " full" : "") + describe(what.query);
}
std::string describe(const show_session& what) {
  return "show" + (what.id ? ' ' + std::to_string(*what.id) : std::string()) + describe(what.query);
}
std::string describe(const alter_config& what) {
  return "alter " + what.name + '=' + what.value;
}
std::string describe(const ping&) {
  return "ping";
}
std::string describe(const kill_session& what) {
  return "kill " + std::to_string(what.id);
}
std::string describe(const kill_server_session& what) {
  return "kill " + std::to_string(what.id) + " ss " + std::to_string(what.ss_id);
}
std::string describe(const kill_query& what) {
  return "query " + std::to_string(what.id);
}

std::string describe(const parse_result& parsed) {
  if (std::holds_alternative<not_ours>(parsed)) return "not ours";
  if (const auto* error = std::get_if<failure>(&parsed)) {
    CHECK(error->kind == failure_kind::malformed);
    CHECK(error->message.starts_with("Unknown operator"));
    return "malformed";
  }
  const auto& what = std::get<statement>(parsed);
  auto text = std::visit([](const auto& each) { return describe(each); }, what.what);
  if (what.plain_kill) text += " plain";
  if (what.own_session) text += " own";
  if (what.id_is_parameter) text += " id?";
  if (what.ss_id_is_parameter) text += " ss?";
  return text;
}

struct row {
  std::string_view text;
  std::string_view expected;
};

const std::vector<row> direct_rows{
    {"SHOW PROXYSESSION", "list"},
    {"SHOW PROXYSESSION LIKE 'a%'", "list `User` LIKE 'a%'"},
    {"SHOW PROXYSESSION WHERE User = 'app'", "list `User` = 'app'"},
    {"SHOW PROXYSESSION WHERE `trans_count` >= 5 AND db IS NOT NULL", "list `trans_count` >= 5 `db` IS NOT NULL"},
    {"SHOW PROXYSESSION WHERE Id<>5 AND Id!=-6 AND Id<7.5", "list `Id` != 5 `Id` != -6 `Id` < 7.5"},
    {"SHOW PROXYSESSION WHERE User NOT LIKE 'x' AND Id IN (1, 'a') AND Id NOT IN (2)",
     "list `User` NOT LIKE 'x' `Id` IN (1, 'a') `Id` NOT IN (2)"},
    {"SHOW PROXYSESSION WHERE using_ssl = TRUE AND db IS NULL", "list `using_ssl` = 1 `db` IS NULL"},
    {"SHOW PROXYSESSION ORDER BY User, Id DESC, db ASC", "list asc User desc Id asc db"},
    {"SHOW PROXYSESSION LIMIT 5", "list limit 5"},
    {"SHOW PROXYSESSION LIMIT 5 OFFSET 10", "list limit 5 offset 10"},
    {"SHOW PROXYSESSION LIMIT 10, 5", "list limit 5 offset 10"},
    {"SHOW PROXYSESSION LIKE 'a' WHERE Id > 1 ORDER BY Id LIMIT 2", "list `User` LIKE 'a' `Id` > 1 asc Id limit 2"},
    {"SHOW PROXYPROCESSLIST", "processes"},
    {"SHOW FULL PROXYPROCESSLIST WHERE Time > 5", "processes full `Time` > 5"},
    {"SHOW PROXYSESSION CLOSED LIMIT 3", "closed limit 3"},
    {"SHOW PROXYSESSION VARIABLES", "variables"},
    {"SHOW PROXYSESSION STAT", "session stats"},
    {"SHOW PROXY HELP", "help"},
    {"SHOW PROXY HELP LIKE 'KILL%'", "help `syntax` LIKE 'KILL%'"},
    {"PING PROXY", "ping"},
    {"ALTER PROXYCONFIG SET kill_timeout = '10s'", "alter kill_timeout=10s"},
    {"ALTER PROXYCONFIG SET `kill-timeout` = '10s'", "alter kill-timeout=10s"},
    {"ALTER PROXYCONFIG SET operators = ''", "alter operators="},
    {"SHOW PROXYNET THREAD", "threads"},
    {"SHOW PROXYINFO BINARY", "info full"},
    {"SELECT PROXY_VERSION()", "version"},
    {"SHOW PROXYSESSION ATTRIBUTE", "show"},
    {"SHOW PROXYSESSION ATTRIBUTE 5", "show 5"},
    {"SHOW PROXYSESSION ATTRIBUTE '5'", "show 5"},
    {"SHOW PROXYSESSION ATTRIBUTE -1", "show 4294967295"},
    {"SHOW PROXYSESSION ATTRIBUTE CONNECTION_ID()", "show 0 own"},
    {"SHOW PROXYSESSION ATTRIBUTE LIKE '%id'", "show like %id"},
    {"SHOW PROXYSESSION ATTRIBUTE LIKE \"%id\"", "show like %id"},
    {"SHOW PROXYSESSION ATTRIBUTE LIKE `ss_id`", "show like ss_id"},
    {"SHOW PROXYSESSION ATTRIBUTE LIKE ss_id", "show like ss_id"},
    {"SHOW PROXYSESSION ATTRIBUTE LIKE ''", "show like "},
    {"SHOW PROXYSESSION ATTRIBUTE LIKE 'a''b'", "show like a'b"},
    {"SHOW PROXYSESSION ATTRIBUTE LIKE 'a\\'b'", "show like a'b"},
    {"SHOW PROXYSESSION ATTRIBUTE LIKE 'a\\%'", "show like a\\%"},
    {"SHOW PROXYSESSION ATTRIBUTE 7 LIKE 'db%'", "show 7 like db%"},
    {"KILL PROXYSESSION 56932", "kill 56932"},
    {"KILL PROXYSESSION 3221562906", "kill 3221562906"},
    {"KILL PROXYSESSION 007", "kill 7"},
    {"KILL PROXYSESSION +5", "kill 5"},
    {"KILL PROXYSESSION '5'", "kill 5"},
    {"KILL PROXYSESSION \"5\"", "kill 5"},
    {"KILL PROXYSESSION '-5'", "kill 4294967291"},
    {"KILL PROXYSESSION -1", "kill 4294967295"},
    {"KILL PROXYSESSION -2147483648", "kill 2147483648"},
    {"KILL PROXYSESSION 18446744073709551615", "kill 18446744073709551615"},
    {"KILL PROXYSESSION CONNECTION_ID()", "kill 0 own"},
    {"KILL PROXYSESSION connection_id ( )", "kill 0 own"},
    {"KILL PROXYSESSION CONNECTION_ID() 16", "kill 0 ss 16 own"},
    {"KILL PROXYSESSION 5 16", "kill 5 ss 16"},
    {"KILL PROXYSESSION '5' '16'", "kill 5 ss 16"},
    {"KILL 5", "kill 5 plain"},
    {"KILL '5'", "kill 5 plain"},
    {"KILL -1", "kill 4294967295 plain"},
    {"KILL CONNECTION 5", "kill 5 plain"},
    {"KILL QUERY 5", "query 5 plain"},
    {"KILL HARD 5", "kill 5 plain"},
    {"KILL SOFT 5", "kill 5 plain"},
    {"KILL HARD CONNECTION 5", "kill 5 plain"},
    {"KILL SOFT QUERY 5", "query 5 plain"},
    {"KILL CONNECTION_ID()", "kill 0 plain own"},
    {"KILL QUERY CONNECTION_ID()", "query 0 plain own"},
    {"KILL CONNECTION CONNECTION_ID()", "kill 0 plain own"},
};

const std::vector<row> malformed_rows{
    {"KILL PROXYSESSION", "malformed"},
    {"KILL PROXYSESSION x", "malformed"},
    {"KILL PROXYSESSION 0x10", "malformed"},
    {"KILL PROXYSESSION 1.5", "malformed"},
    {"KILL PROXYSESSION 1e3", "malformed"},
    {"KILL PROXYSESSION 5x", "malformed"},
    {"KILL PROXYSESSION .5", "malformed"},
    {"KILL PROXYSESSION 5.", "malformed"},
    {"KILL PROXYSESSION '5", "malformed"},
    {"KILL PROXYSESSION `5`", "malformed"},
    {"KILL PROXYSESSION ''", "malformed"},
    {"KILL PROXYSESSION ' 5'", "malformed"},
    {"KILL PROXYSESSION 'x'", "malformed"},
    {"KILL PROXYSESSION ?", "malformed"},
    {"KILL PROXYSESSION @x", "malformed"},
    {"KILL PROXYSESSION (5)", "malformed"},
    {"KILL PROXYSESSION - 5", "malformed"},
    {"KILL PROXYSESSION --5", "malformed"},
    {"KILL PROXYSESSION 5-1", "malformed"},
    {"KILL PROXYSESSION 5+16", "malformed"},
    {"KILL PROXYSESSION 5 -1", "malformed"},
    {"KILL PROXYSESSION 5 '-1'", "malformed"},
    {"KILL PROXYSESSION 5 '+1'", "malformed"},
    {"KILL PROXYSESSION 5, 6", "malformed"},
    {"KILL PROXYSESSION 5 6 7", "malformed"},
    {"KILL PROXYSESSION 5 CONNECTION_ID()", "malformed"},
    {"KILL PROXYSESSION CONNECTION_ID", "malformed"},
    {"KILL PROXYSESSION CONNECTION_ID(", "malformed"},
    {"KILL PROXYSESSION CONNECTION_ID(1)", "malformed"},
    {"KILL PROXYSESSION 18446744073709551616", "malformed"},
    {"KILL PROXYSESSION -2147483649", "malformed"},
    {"KILL PROXYSESSION 5 /*", "malformed"},
    {"KILL PROXYSESSION 5\0"sv, "malformed"},
    {"KILL PROXYSESSION \xC3\xA9", "malformed"},
    {"SHOW PROXYSESSION x", "malformed"},
    {"SHOW PROXYSESSION 5", "malformed"},
    {"SHOW PROXYSESSION LIKE", "malformed"},
    {"SHOW PROXYSESSION WHERE", "malformed"},
    {"SHOW PROXYSESSION WHERE 1", "malformed"},
    {"SHOW PROXYSESSION WHERE User", "malformed"},
    {"SHOW PROXYSESSION WHERE User =", "malformed"},
    {"SHOW PROXYSESSION WHERE User = app", "malformed"},
    {"SHOW PROXYSESSION WHERE User = NULL", "malformed"},
    {"SHOW PROXYSESSION WHERE User = ?", "malformed"},
    {"SHOW PROXYSESSION WHERE User = 'a' OR 1", "malformed"},
    {"SHOW PROXYSESSION WHERE User = 'a' AND", "malformed"},
    {"SHOW PROXYSESSION WHERE User ! = 'a'", "malformed"},
    {"SHOW PROXYSESSION WHERE User NOT = 'a'", "malformed"},
    {"SHOW PROXYSESSION WHERE Id IN ()", "malformed"},
    {"SHOW PROXYSESSION WHERE Id IN (1, )", "malformed"},
    {"SHOW PROXYSESSION WHERE Id IN (1", "malformed"},
    {"SHOW PROXYSESSION WHERE db IS", "malformed"},
    {"SHOW PROXYSESSION WHERE db IS NOT 1", "malformed"},
    {"SHOW PROXYSESSION WHERE Id = 1.2.3", "malformed"},
    {"SHOW PROXYSESSION WHERE (Id = 1)", "malformed"},
    {"SHOW PROXYSESSION ORDER Id", "malformed"},
    {"SHOW PROXYSESSION ORDER BY", "malformed"},
    {"SHOW PROXYSESSION ORDER BY Id UP", "malformed"},
    {"SHOW PROXYSESSION LIMIT", "malformed"},
    {"SHOW PROXYSESSION LIMIT -1", "malformed"},
    {"SHOW PROXYSESSION LIMIT 1 OFFSET", "malformed"},
    {"SHOW PROXYSESSION LIMIT 1 WHERE Id = 1", "malformed"},
    {"SHOW PROXY HELP x", "malformed"},
    {"PING PROXY x", "malformed"},
    {"ALTER PROXYCONFIG SET a", "malformed"},
    {"ALTER PROXYCONFIG SET = 1", "malformed"},
    {"ALTER PROXYCONFIG SET a = 1 2", "malformed"},
    {"SHOW PROXYSESSION ATTRIBUTES", "malformed"},
    {"SHOW PROXYSESSION ATTRIBUTE x", "malformed"},
    {"SHOW PROXYSESSION ATTRIBUTE 5 6", "malformed"},
    {"SHOW PROXYSESSION ATTRIBUTE 5 LIKE", "malformed"},
    {"SHOW PROXYSESSION ATTRIBUTE LIKE", "malformed"},
    {"SHOW PROXYSESSION ATTRIBUTE LIKE 5", "malformed"},
    {"SHOW PROXYSESSION ATTRIBUTE LIKE ?", "malformed"},
    {"SHOW PROXYSESSION ATTRIBUTE LIKE 'x' y", "malformed"},
    {"SHOW PROXYSESSION ATTRIBUTE LIKE 'x", "malformed"},
    {"SHOW PROXYSESSION.x", "malformed"},
    {"SHOW PROXYSESSION\0"sv, "malformed"},
};

const std::vector<row> foreign_rows{
    {"", "not ours"},
    {" ", "not ours"},
    {";", "not ours"},
    {"S", "not ours"},
    {"K", "not ours"},
    {"KILL", "not ours"},
    {"KILL 5 6", "not ours"},
    {"KILL 5, 6", "not ours"},
    {"KILL 1+1", "not ours"},
    {"KILL 5-1", "not ours"},
    {"KILL 5 -1", "not ours"},
    {"KILL --5", "not ours"},
    {"KILL @x", "not ours"},
    {"KILL @@pseudo_thread_id", "not ours"},
    {"KILL ?", "not ours"},
    {"KILL (5)", "not ours"},
    {"KILL (SELECT 5)", "not ours"},
    {"KILL 0x10", "not ours"},
    {"KILL 1.5", "not ours"},
    {"KILL `5`", "not ours"},
    {"KILL N'5'", "not ours"},
    {"KILL 'x'", "not ours"},
    {"KILL '5' '6'", "not ours"},
    {"KILL '5", "not ours"},
    {"KILL 5 /*", "not ours"},
    {"KILL 5\0"sv, "not ours"},
    {"KILL \0 5"sv, "not ours"},
    {"KILL \xFF", "not ours"},
    {"KILL 18446744073709551616", "not ours"},
    {"KILL -2147483649", "not ours"},
    {"KILL USER root", "not ours"},
    {"KILL USER 5", "not ours"},
    {"KILL QUERY", "not ours"},
    {"KILL QUERY USER root", "not ours"},
    {"KILL QUERY ID 5", "not ours"},
    {"KILL ID 5", "not ours"},
    {"KILL CONNECTION ID 5", "not ours"},
    {"KILL QUERY HARD 5", "not ours"},
    {"KILL HARD SOFT 5", "not ours"},
    {"KILL CONNECTION QUERY 5", "not ours"},
    {"KILL HARD PROXYSESSION 5", "not ours"},
    {"KILL CONNECTION_ID", "not ours"},
    {"KILL PROXYSESSIONS 5", "not ours"},
    {"KILL5", "not ours"},
    {"KILLED 5", "not ours"},
    {"KILL\xC3\xA9 5", "not ours"},
    {"SHOW", "not ours"},
    {"SHOWPROXYSESSION", "not ours"},
    {"SHOW PROXYSESSIONS", "not ours"},
    {"SHOW PROXYSESSION_", "not ours"},
    {"SHOW PROXYSESSION\xC3\xA9", "not ours"},
    {"SHOW PROXYSESSIO", "not ours"},
    {"SHOW PROXYROUTE", "not ours"},
    {"SHOW PROXY", "not ours"},
    {"SHOW FULL PROXY", "not ours"},
    {"PING", "not ours"},
    {"PING PROXYS", "not ours"},
    {"ALTER PROXYCONFIGS SET a = 1", "not ours"},
    {"ALTER TABLE PROXYCONFIG", "not ours"},
    {"SELECT PROXY_VERSION", "not ours"},
    {"SELECT PROXY_VERSION() + 1", "not ours"},
    {"SELECT PROXY_VERSION(), 1", "not ours"},
    {"SELECT PROXY_VERSIONS()", "not ours"},
    {"SELECT/**/1", "not ours"},
    {"SHOW FULL PROXYSESSION", "not ours"},
    {"SHOW `PROXYSESSION`", "not ours"},
    {"SHOW 'PROXYSESSION'", "not ours"},
    {"SHOW PROCESSLIST", "not ours"},
    {"SHOW DATABASES", "not ours"},
    {"SHOW /", "not ours"},
    {"SELECT 1", "not ours"},
    {"SET autocommit=1", "not ours"},
    {"(SHOW PROXYSESSION)", "not ours"},
    {"; SHOW PROXYSESSION", "not ours"},
    {"/", "not ours"},
    {"-", "not ours"},
    {"--", "not ours"},
    {"--SHOW PROXYSESSION", "not ours"},
    {"# SHOW PROXYSESSION", "not ours"},
    {"/* SHOW PROXYSESSION", "not ours"},
    {"/*! SHOW PROXYSESSION */", "not ours"},
    {"/*!50000 KILL */ 5", "not ours"},
    {"/*M! SHOW PROXYSESSION */", "not ours"},
    {"SHOW /*!PROXYSESSION*/", "not ours"},
    {"SHOW PROXYSESSION /*!5*/", "not ours"},
    {"KILL PROXYSESSION /*M!5*/", "not ours"},
    {"KILL PROXYSESSION 5; SELECT 1", "not ours"},
    {"KILL PROXYSESSION x; SELECT 1", "not ours"},
    {"KILL 5; KILL 6", "not ours"},
    {"KILL 5;;KILL 6", "not ours"},
    {"SHOW PROXYSESSION; x", "not ours"},
    {"\xEF\xBB\xBFSHOW PROXYSESSION", "not ours"},
    {"\0SHOW PROXYSESSION"sv, "not ours"},
};

void check_rows(const std::vector<row>& rows) {
  for (const auto& each : rows) {
    CAPTURE(each.text);
    CHECK(describe(parse_statement(each.text, {})) == each.expected);
  }
}

/// What the two must agree on for any text at all. Gives what parse_statement() says.
std::string check_agreement(std::string_view text, bool prepared) {
  const auto parsed = describe(parse_statement(text, {.prepared = prepared}));
  if (sieve_statement(text, true) == sieve_verdict::need_more) return "a verdict that cannot be";
  if (parsed == "not ours") return parsed;
  if (sieve_statement(text, true) != sieve_verdict::maybe) return "ours, but sieved out";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    if (sieve_statement(text.substr(0, size), false) == sieve_verdict::not_ours) return "sieved out too early";
  }
  return parsed;
}

TEST_CASE("statements of the proxy are recognised", "[admin][sql_parser]") {
  check_rows(direct_rows);
}
TEST_CASE("malformed statements of the proxy are errors", "[admin][sql_parser]") {
  check_rows(malformed_rows);
}
TEST_CASE("everything else is the backend's", "[admin][sql_parser]") {
  check_rows(foreign_rows);
}

TEST_CASE("comments, white space, case and semicolons change nothing", "[admin][sql_parser]") {
  const std::vector<std::string_view> blanks{" ",        "\t\n\v\f\r", "/**/",   "/* ; ' */",     " -- x\n",   "--\n",
                                             "# it's\n", " /*M x*/ ",  "/*/**/", "--\x01 \xFF\n", "/*+ hint*/"};
  const std::vector<std::string_view> ends{"", ";", " ; ", ";;", "; -- done", " --", "#", "/* x */;", ";\n"};
  for (const auto& each : direct_rows) {
    for (const auto blank : blanks) {
      for (const auto end : ends) {
        std::string text(blank);
        bool quoted = false;
        const bool names = each.expected.find_first_of("`") != std::string_view::npos ||
                           each.expected.find(" like ") != std::string_view::npos ||
                           each.expected.find(" asc ") != std::string_view::npos;  // columns: shown as they were given
        for (const char c : each.text) {
          if (c == '\'' || c == '"') quoted = !quoted;
          if (c == ' ' && !quoted) {
            text += blank;
          } else {
            text += quoted || names ? c : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
          }
        }
        text += end;
        CAPTURE(text);
        CHECK(check_agreement(text, false) == each.expected);
      }
    }
  }
}

TEST_CASE("sieve and parser agree about every row and every prefix", "[admin][sql_parser]") {
  for (const auto* rows : {&direct_rows, &malformed_rows, &foreign_rows}) {
    for (const auto& each : *rows) {
      CAPTURE(each.text);
      CHECK(check_agreement(each.text, false) == each.expected);
    }
  }
}

TEST_CASE("mutated statements never confuse sieve and parser", "[admin][sql_parser]") {
  constexpr std::string_view alphabet = "SHOWKILPRXYENATBUQ 0159-+'\"`\\;/*!M#?()@.\n\0\x80\xFF"sv;
  std::mt19937 random(20251123);  // NOLINT: the same mutations each time
  const auto below = [&random](std::size_t limit) { return static_cast<std::size_t>(random()) % limit; };
  std::size_t ours = 0;
  for (int round = 0; round < 30'000; ++round) {
    const auto* rows = round % 2 == 0 ? &direct_rows : &malformed_rows;
    std::string text((*rows)[below(rows->size())].text);
    for (auto changes = below(3) + 1; changes > 0; --changes) {
      const auto at = below(text.size() + 1);
      const char c = alphabet[below(alphabet.size())];
      if (below(2) == 0 || at == text.size()) {
        text.insert(at, 1, c);
      } else if (below(2) == 0) {
        text[at] = c;
      } else {
        text.erase(at, 1);
      }
    }
    const auto verdict = check_agreement(text, below(2) == 0);
    if (verdict.starts_with("a verdict") || verdict.starts_with("ours,") || verdict.starts_with("sieved")) {
      FAIL(verdict << ": " << text);
    }
    if (verdict != "not ours") ++ours;
  }
  CHECK(ours > 3'000);  // the mutations are not all noise
}

TEST_CASE("the sieve decides as soon as it can", "[admin][sql_parser]") {
  for (const auto text : {"I", "UPDATE", "SX", "SELECT 1", "SELECT\n*", "ALTER T", "PING x", "SH OW", "SHOW T", "KI ",
                          "KILLS", "/*!", "(S", "--x", "-1", "SHOW P.", "SHOW FULL T", "@"}) {
    CAPTURE(text);
    CHECK(sieve_statement(text, false) == sieve_verdict::not_ours);
  }
  for (const auto text :
       {"",     " ",           "S",   "s",          "sh",      "SHOW", "SHOW ",  "SELECT",  "SELECT ",  "SELECT PROXY_",
        "AL",   "ALTER PROXY", "PIN", "SHOW FULL ", "SHOW PR", "K",    "kil",    "KILL",    "/",        "/*",
        "/* x", "/*M",         "-",   "--",         "-- x",    "#",    "SHOW /", "SHOW --", "SHOW /* x"}) {
    CAPTURE(text);
    CHECK(sieve_statement(text, false) == sieve_verdict::need_more);
  }
  for (const auto text : {"KILL ", "kill\n", "KILL/", "KILL'", "SHOW PROXYSESSION ", "show/**/proxysession;",
                          "SHOW PRO", "SHOW FULL PRO", "ALTER PROXYCONFIG"}) {
    CAPTURE(text);
    CHECK(sieve_statement(text, false) == sieve_verdict::maybe);
  }
}

TEST_CASE("a statement beyond the size limit is the backend's", "[admin][sql_parser]") {
  std::string text = "KILL PROXYSESSION 5";
  text.resize(statement_size_max, ' ');
  CHECK(describe(parse_statement(text, {})) == "kill 5");
  text += ' ';
  CHECK(describe(parse_statement(text, {})) == "not ours");
  CHECK(sieve_statement(text, false) == sieve_verdict::not_ours);
}

TEST_CASE("placeholders stand for ids in prepared statements", "[admin][sql_parser]") {
  CHECK(describe(parse_statement("KILL PROXYSESSION ? ?", {.prepared = true})) == "kill 0 ss 0 id? ss?");
  CHECK(describe(parse_statement("KILL PROXYSESSION 5 ?", {.prepared = true})) == "kill 5 ss 0 ss?");
  CHECK(describe(parse_statement("KILL PROXYSESSION ? 16", {.prepared = true})) == "kill 0 ss 16 id?");
  CHECK(describe(parse_statement("KILL PROXYSESSION ? ? ?", {.prepared = true})) == "malformed");
  CHECK(describe(parse_statement("KILL QUERY ?", {.prepared = true})) == "query 0 plain id?");
  CHECK(describe(parse_statement("KILL ? ?", {.prepared = true})) == "not ours");
  CHECK(describe(parse_statement("SHOW PROXYSESSION ATTRIBUTE ? LIKE 'x'", {.prepared = true})) == "show 0 like x id?");
  CHECK(describe(parse_statement("SHOW PROXYSESSION ATTRIBUTE LIKE ?", {.prepared = true})) == "show like ");
  CHECK(describe(parse_statement("SHOW PROXYSESSION WHERE Id = ? AND User IN (?, 'x')", {.prepared = true})) ==
        "list `Id` = ? `User` IN (?, 'x')");
}

TEST_CASE("values are bound in the order of the text", "[admin][sql_parser]") {
  using values = std::vector<protocol::result_cell>;
  const auto prepare = [](std::string_view text) {
    return std::get<statement>(parse_statement(text, {.prepared = true}));
  };
  auto both = prepare("KILL PROXYSESSION ? ?");
  CHECK(both.parameter_count() == 2);
  CHECK(bind_parameters(both, values{std::int64_t{7}}) == "Incorrect arguments to EXECUTE");
  CHECK(bind_parameters(both, values{std::int64_t{7}, std::string("x")})->ends_with("an id is a number"));
  CHECK_FALSE(bind_parameters(both, values{std::int64_t{5}, std::string("16")}));
  CHECK(describe(both) == "kill 5 ss 16");
  auto second = prepare("KILL PROXYSESSION 5 ?");
  CHECK_FALSE(bind_parameters(second, values{std::uint64_t{7}}));
  CHECK(describe(second) == "kill 5 ss 7");
  auto none = prepare("SHOW PROXYSESSION");
  CHECK(bind_parameters(none, values{std::int64_t{1}}));
  CHECK_FALSE(bind_parameters(none, {}));
  auto filtered = prepare("SHOW PROXYSESSION ATTRIBUTE ? LIKE ? WHERE value IN (?, 2)");
  CHECK(filtered.parameter_count() == 3);
  CHECK(bind_parameters(filtered, values{std::int64_t{5}, std::string("a%"), std::monostate()})
            ->ends_with("NULL compares with nothing"));
  CHECK_FALSE(bind_parameters(filtered, values{std::int64_t{5}, std::string("a%"), std::int64_t{-1}}));
  CHECK(describe(filtered) == "show 5 like a% `value` IN (-1, 2)");
}

TEST_CASE("the server's own process list is the proxy's when it is told so", "[admin][sql_parser]") {
  CHECK(describe(parse_statement("SHOW FULL PROCESSLIST", {})) == "not ours");
}

}  // namespace
}  // namespace sessiongate::admin
