#include "session/stop_reason.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace sessiongate::session;

TEST_CASE("every stop reason has a text of its own") {
  std::set<std::string_view> texts;
  for (std::uint8_t index = 0; index < stop_reason_count; ++index) {
    const auto text = to_text(static_cast<stop_reason>(index));
    INFO(int{index});
    CHECK(text != "unknown");
    CHECK(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos);
    CHECK(texts.insert(text).second);
  }
  CHECK(texts.size() == stop_reason_count);
}

TEST_CASE("the count of stop reasons leaves none out") {
  CHECK(static_cast<std::uint8_t>(stop_reason::internal_error) + 1 == stop_reason_count);
  CHECK(to_text(static_cast<stop_reason>(stop_reason_count)) == "unknown");
}

TEST_CASE("a stop request without a reason is none") {
  CHECK(stop_request().reason == stop_reason::none);
  CHECK(to_text(stop_reason::none) == "none");
}
