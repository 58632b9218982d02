#include "admin/statement_sieve.hpp"

#include "test/unit/admin/described_statement.hpp"
#include "test/unit/admin/statement_rows.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sessiongate::admin {
namespace {

using namespace std::string_view_literals;
using test::check_agreement;
using test::describe;
using test::direct_rows;
using test::foreign_rows;
using test::malformed_rows;

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

}  // namespace
}  // namespace sessiongate::admin
