// Both faces speak of the same commands: each alternative of the variant is reached from SQL and from HTTP.
#include "admin/http_api.hpp"
#include "admin/sql_parser.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string_view>
#include <variant>

namespace sessiongate::admin {
namespace {

namespace http = boost::beast::http;

struct example {
  std::string_view sql;
  http::verb method;
  std::string_view target;
};

/// One for each alternative of command, in its order.
constexpr std::array<example, 5> examples{{
    {"SHOW PROXYSESSION", http::verb::get, "/v1/sessions"},
    {"SHOW PROXYSESSION ATTRIBUTE 5", http::verb::get, "/v1/sessions/5"},
    {"KILL PROXYSESSION 5", http::verb::delete_, "/v1/sessions/5"},
    {"KILL PROXYSESSION 5 16", http::verb::delete_, "/v1/sessions/5/server-sessions/16"},
    {"KILL QUERY 5", http::verb::post, "/v1/sessions/5/kill-query"},
}};

static_assert(examples.size() == std::variant_size_v<command>, "a new command needs both faces: add its example");

TEST_CASE("every command can be given in SQL and over HTTP", "[admin][command]") {
  for (std::size_t at = 0; at < examples.size(); ++at) {
    CAPTURE(examples[at].sql, examples[at].target);
    const auto parsed = parse_statement(examples[at].sql, false);
    REQUIRE(std::holds_alternative<statement>(parsed));
    CHECK(std::get<statement>(parsed).what.index() == at);

    const auto& target = examples[at].target;
    http_request request(examples[at].method, {target.data(), target.size()}, 11);
    request.set(http::field::authorization, "Bearer secret");
    const auto route = route_request(request, "secret");
    REQUIRE(std::holds_alternative<command>(route));
    CHECK(std::get<command>(route).index() == at);
  }
}

}  // namespace
}  // namespace sessiongate::admin
