#include "admin/http_query.hpp"

#include <catch2/catch.hpp>

namespace sessiongate::admin {
namespace {

TEST_CASE("percent encoding is undone, and what is none is refused", "[admin][http_query]") {
  CHECK(decode_percent("a%41%7e+b") == "aA~ b");
  CHECK(decode_percent("") == "");
  CHECK(decode_percent("%00") == std::string(1, '\0'));
  for (const auto* wrong : {"%", "%4", "%4g", "%g4", "a%", "%+1"}) CHECK_FALSE(decode_percent(wrong));
}

TEST_CASE("lists are split at every mark", "[admin][http_query]") {
  CHECK(split("a,b", ',') == std::vector<std::string_view>{"a", "b"});
  CHECK(split("a,,b,", ',') == std::vector<std::string_view>{"a", "", "b", ""});
}

TEST_CASE("a name that is given twice is refused, also when it is encoded", "[admin][http_query]") {
  CHECK(std::holds_alternative<query_parameters>(parse_parameters("user=a&user_ne=b")));
  for (const auto* wrong : {"user=a&user=b", "user=a&us%65r=b"}) {
    const auto read = parse_parameters(wrong);
    REQUIRE(std::holds_alternative<http_answer>(read));
    CHECK(std::get<http_answer>(read).status == 400);
  }
}

}  // namespace
}  // namespace sessiongate::admin
