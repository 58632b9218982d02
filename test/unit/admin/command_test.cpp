// All faces speak of the same commands: each entry of the table is reached from SQL and from HTTP.
#include "admin/command_table.hpp"
#include "admin/http_api.hpp"
#include "admin/sql_parser.hpp"
#include "admin/syntax.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>
#include <string_view>
#include <variant>

namespace sessiongate::admin {
namespace {

namespace http = boost::beast::http;

http_request make_request(const command_entry& entry, std::string_view query = "") {
  std::string target(entry.path);
  for (const auto& [mark, value] :
       {std::pair{"{id}", "5"}, std::pair{"{ss_id}", "16"}, std::pair{"{number}", "5"}, std::pair{"{name}", "name"}}) {
    if (const auto at = target.find(mark); at != std::string::npos) target.replace(at, std::string(mark).size(), value);
  }
  http_request request(http::string_to_verb({entry.method.data(), entry.method.size()}), target + std::string(query),
                       11);
  if (entry.takes(" value")) request.body() = R"({"value": "x"})";
  if (entry.takes("predicate")) request.body() = R"({"filter": "cs_id = 5"})";
  return request;
}

/// The entry that a command belongs to, by name.
std::string name_of(const http_route& route) {
  if (const auto* wrong = std::get_if<http_answer>(&route)) return wrong->body.dump();
  return std::string(find_entry(std::get<command>(route)).name);
}

TEST_CASE("every command of the table can be given in SQL and over HTTP", "[admin][command]") {
  for (const auto& each : command_table()) {
    const auto text = example_of(each.sql, "5", "16");
    CAPTURE(each.name, text, each.path);
    const auto parsed = parse_statement(text, {});
    REQUIRE(std::holds_alternative<statement>(parsed));
    CHECK(find_entry(std::get<statement>(parsed).what).name == each.name);
    CHECK(name_of(route_request(make_request(each))) == each.name);
    if (each.takes("[filter]")) {
      const auto column = std::string(like_column_of(each));
      const auto filtered =
          parse_statement(text + " LIKE 'x' WHERE `" + column + "` != 'y' ORDER BY `" + column + "` LIMIT 1", {});
      REQUIRE(std::holds_alternative<statement>(filtered));
      CHECK(name_of(route_request(make_request(each, "?like=x&filter=%60" + column + "%60%3D'y'"))) == each.name);
    }
  }
}

TEST_CASE("every kind of command is in the table", "[admin][command]") {
  std::set<std::size_t> kinds;
  std::set<std::string_view> names;
  for (const auto& each : command_table()) {
    kinds.insert(each.make({}).index());
    CHECK(names.insert(each.name).second);
    CHECK_FALSE(each.help.empty());
    CHECK_FALSE(each.ctl.empty());
    CHECK(&find_entry(each.make({})) == &each);
  }
  CHECK(kinds.size() == std::variant_size_v<command>);
}

}  // namespace
}  // namespace sessiongate::admin
