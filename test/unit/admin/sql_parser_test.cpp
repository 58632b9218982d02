#include "admin/sql_parser.hpp"

#include "test/unit/admin/described_statement.hpp"
#include "test/unit/admin/statement_rows.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::admin {
namespace {

using namespace std::string_view_literals;
using test::check_agreement;
using test::describe;
using test::row;

void check_rows(const std::vector<row>& rows) {
  for (const auto& each : rows) {
    CAPTURE(each.text);
    CHECK(describe(parse_statement(each.text, {})) == each.expected);
  }
}

TEST_CASE("statements of the proxy are recognised", "[admin][sql_parser]") {
  check_rows(test::direct_rows);
}
TEST_CASE("malformed statements of the proxy are errors", "[admin][sql_parser]") {
  check_rows(test::malformed_rows);
}
TEST_CASE("everything else is the backend's", "[admin][sql_parser]") {
  check_rows(test::foreign_rows);
}

TEST_CASE("comments, white space, case and semicolons change nothing", "[admin][sql_parser]") {
  const std::vector<std::string_view> blanks{" ",        "\t\n\v\f\r", "/**/",   "/* ; ' */",     " -- x\n",   "--\n",
                                             "# it's\n", " /*M x*/ ",  "/*/**/", "--\x01 \xFF\n", "/*+ hint*/"};
  const std::vector<std::string_view> ends{"", ";", " ; ", ";;", "; -- done", " --", "#", "/* x */;", ";\n"};
  for (const auto& each : test::direct_rows) {
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

TEST_CASE("the server's own process list is the proxy's when it is told so", "[admin][sql_parser]") {
  constexpr parse_options ours{.processlist_is_ours = true};
  CHECK(describe(parse_statement("SHOW PROCESSLIST", {})) == "not ours");
  CHECK(describe(parse_statement("SHOW FULL PROCESSLIST", {})) == "not ours");
  CHECK(describe(parse_statement("SHOW PROCESSLIST", ours)) == "mysql processes");
  CHECK(describe(parse_statement("show full processlist WHERE Time > 5", ours)) == "mysql processes full `Time` > 5");
  CHECK(describe(parse_statement("SHOW PROXYPROCESSLIST", ours)) == "processes");
  CHECK(describe(parse_statement("SHOW PROCESSLIST 5", ours)) == "malformed");
}

}  // namespace
}  // namespace sessiongate::admin
