#include "proxy/own_response.hpp"

#include <catch2/catch.hpp>

#include <string_view>

using namespace std::string_view_literals;
using namespace sessiongate;
using proxy::read_rows;
using proxy::text_row;

namespace {

protocol::bytes packets(std::initializer_list<std::string_view> payloads) {
  protocol::bytes all;
  std::uint8_t sequence = 1;
  for (const auto each : payloads) {
    all.insert(all.end(), {static_cast<std::uint8_t>(each.size()), 0, 0, sequence++});
    all.insert(all.end(), each.begin(), each.end());
  }
  return all;
}

constexpr auto end = "\xFE\0\0\2\0"sv;
const std::vector<text_row> rows{{"a", "1"}, {"b", ""}};

}  // namespace

TEST_CASE("the rows of an answer") {
  CHECK(read_rows(packets({"\2", "name", "value", end, "\1a\0011", "\1b\xFB", end})) == rows);
  CHECK(read_rows(packets({"\2", "name", "value", "\1a\0011", "\1b\xFB", end})) == rows);
}

TEST_CASE("a client that can keep metadata is told that it follows") {
  CHECK(read_rows(packets({"\2\1", "name", "value", end, "\1a\0011", "\1b\xFB", end})) == rows);
  CHECK(read_rows(packets({"\2\0"sv, "\1a\0011", end})).empty());
}

TEST_CASE("what is no result set has no rows") {
  CHECK(read_rows({}).empty());
  CHECK(read_rows(packets({"\0\0\0\2\0\0\0"sv})).empty());
  CHECK(read_rows(packets({"\xFF\x48\x04#HY000no"})).empty());
  CHECK(read_rows(packets({"\2", "name", "value", end, "\1a\5"})).empty());
}
