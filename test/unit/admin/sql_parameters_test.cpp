#include "admin/sql_parser.hpp"

#include "test/unit/admin/described_statement.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sessiongate::admin {
namespace {

using test::describe;

TEST_CASE("placeholders stand for ids in prepared statements", "[admin][sql_parser]") {
  CHECK(describe(parse_statement("KILL PROXYSESSION ? ?", {.prepared = true})) == "kill 0 ss 0 id? ss?");
  CHECK(describe(parse_statement("KILL PROXYSESSION 5 ?", {.prepared = true})) == "kill 5 ss 0 ss?");
  CHECK(describe(parse_statement("KILL PROXYSESSION ? 16", {.prepared = true})) == "kill 0 ss 16 id?");
  CHECK(describe(parse_statement("KILL PROXYSESSION ? ? ?", {.prepared = true})) == "malformed");
  CHECK(describe(parse_statement("KILL PROXYSESSION CONNECTION_ID ?@db ? COMMENT 'x'", {.prepared = true})) ==
        "kill connection_id:0@db ss 0 (x) id? ss?");
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
  auto explicit_form = prepare("KILL PROXYSESSION QUERY CS_ID ?");
  CHECK_FALSE(bind_parameters(explicit_form, values{std::int64_t{-1}}));
  CHECK(describe(explicit_form) == "query cs_id:4294967295");
  auto several = prepare("KILL PROXYSESSION WHERE user = ? AND idle > ? LIMIT 5");
  CHECK(several.parameter_count() == 2);
  CHECK_FALSE(bind_parameters(several, values{std::string("x"), std::int64_t{300}}));
  CHECK(describe(several) == "kill where `user` = 'x' AND `idle` > 300 limit 5");
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

}  // namespace
}  // namespace sessiongate::admin
