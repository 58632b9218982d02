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

TEST_CASE("placeholders stand for names and texts", "[admin][sql_parser]") {
  using values = std::vector<protocol::result_cell>;
  const auto prepare = [](std::string_view text) {
    return std::get<statement>(parse_statement(text, {.prepared = true}));
  };
  auto drained = prepare("DRAIN PROXYCLUSTER ? BACKEND ? TIMEOUT 5");
  CHECK(drained.parameter_count() == 2);
  CHECK(bind_parameters(drained, values{std::string("orders")}) == "Incorrect arguments to EXECUTE");
  CHECK(bind_parameters(drained, values{std::string("orders"), std::monostate()})->ends_with("NULL names nothing"));
  CHECK(drained.parameter_count() == 2);
  CHECK_FALSE(bind_parameters(drained, values{std::string("orders"), std::string("db1:3306")}));
  CHECK(drained.parameter_count() == 0);
  CHECK(std::get<drain_backend>(drained.what).cluster == "orders");
  CHECK(std::get<drain_backend>(drained.what).backend == "db1:3306");

  auto undrained = prepare("UNDRAIN PROXYCLUSTER orders BACKEND ?");
  CHECK_FALSE(bind_parameters(undrained, values{std::string("?")}));
  CHECK(std::get<undrain_backend>(undrained.what).cluster == "orders");
  CHECK(std::get<undrain_backend>(undrained.what).backend == "?");

  auto altered = prepare("ALTER PROXYCONFIG SET ? = ?");
  CHECK_FALSE(bind_parameters(altered, values{std::string("max_connections"), std::int64_t{500}}));
  CHECK(std::get<alter_config>(altered.what).name == "max_connections");
  CHECK(std::get<alter_config>(altered.what).value == "500");
}

TEST_CASE("a name that is a question mark is quoted", "[admin][sql_parser]") {
  for (const bool prepared : {false, true}) {
    const auto quoted = parse_statement("DRAIN PROXYCLUSTER '?' BACKEND `?`", {.prepared = prepared});
    REQUIRE(std::holds_alternative<statement>(quoted));
    CHECK(std::get<statement>(quoted).parameter_count() == 0);
    CHECK(std::get<drain_backend>(std::get<statement>(quoted).what).cluster == "?");
    CHECK(std::get<drain_backend>(std::get<statement>(quoted).what).backend == "?");
  }
  for (const auto* text : {"DRAIN PROXYCLUSTER ? BACKEND ?", "UNDRAIN PROXYCLUSTER a BACKEND ?",
                           "ALTER PROXYCONFIG SET ? = 1", "ALTER PROXYCONFIG SET max_connections = ?"}) {
    CHECK(describe(parse_statement(text, {})) == "malformed");
  }
}

}  // namespace
}  // namespace sessiongate::admin
