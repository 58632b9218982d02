#include "admin/session_detail.hpp"

#include "admin/like_pattern.hpp"
#include "test/unit/admin/fake_session.hpp"

#include <catch2/catch.hpp>

namespace sessiongate::admin {
namespace {

using test::make_fake;

TEST_CASE("LIKE knows %, _ and the backslash", "[admin][session_detail]") {
  struct row {
    std::string_view text;
    std::string_view pattern;
    bool expected;
  };
  for (const auto& each : {row{"ss_id", "", true},      row{"ss_id", "ss_id", true},   row{"ss_id", "SS_ID", false},
                           row{"ss_id", "ss", false},   row{"ss_id", "ss%", true},     row{"ss_id", "%id", true},
                           row{"ss_id", "%s%i%", true}, row{"ss_id", "_____", true},   row{"ss_id", "____", false},
                           row{"ss_id", "%%", true},    row{"ss_id", "ss\\_id", true}, row{"ssxid", "ss\\_id", false},
                           row{"50%", "%\\%", true},    row{"a\\", "a\\", true},       row{"ss_id", "%x%", false},
                           row{"aab", "%ab", true},     row{"abab", "%ab", true},      row{"aXbXc", "a%b%c", true},
                           row{"", "%", true},          row{"", "_", false},           row{"a", "a%%", true}}) {
    CAPTURE(each.text, each.pattern);
    CHECK(matches_like(each.text, each.pattern) == each.expected);
  }
}

TEST_CASE("LIKE keeps the attributes whose name matches", "[admin][session_detail]") {
  const auto target = make_fake();
  target->add_server(16, 77);
  auto detail = describe_session(*target, {});
  const table_query query{.where = {{{"attribute_name", comparison_op::like, {{.text = "server%"}}}}}};
  REQUIRE_FALSE(apply(query, detail));
  for (const auto& group : detail.client) CHECK(group.attributes.empty());
  REQUIRE(detail.server_sessions.size() == 1);
  CHECK(detail.server_sessions[0].attributes.size() == 4);  // ip, port, sessid, trans_stat
}

TEST_CASE("rows of a detail are sorted and cut, its groups are not", "[admin][session_detail]") {
  const auto target = make_fake();
  auto detail = describe_session(*target, {});
  REQUIRE_FALSE(apply({.order = {{"value", true}}, .limit = 2, .offset = 1}, detail));
  const auto flat = flatten(detail);
  CHECK(flat.total == 22);
  REQUIRE(flat.rows.size() == 2);
  CHECK(std::get<std::string>(flat.rows[0][1]) >= std::get<std::string>(flat.rows[1][1]));
  CHECK(detail.client[0].attributes.size() == 15);
  CHECK(apply({.order = {{"nope"}}}, detail)->code == 1054);
}

TEST_CASE("the server session that runs a statement comes first", "[admin][session_detail]") {
  const auto target = make_fake();
  target->add_server(16, 77)->end_request();
  const auto second = target->add_server(17, 78);
  target->add_server(18, 79);
  auto detail = describe_session(*target, {});
  REQUIRE(detail.server_sessions.size() == 3);
  CHECK(detail.server_sessions[0].info == "last used ss");
  CHECK(detail.server_sessions[1].info == "ss pool [0]");
  CHECK(detail.server_sessions[2].info == "ss pool [1]");
  CHECK(detail.server_sessions[0].attributes.size() == 17);

  second->begin_request();
  detail = describe_session(*target, {});
  CHECK(detail.server_sessions[0].info == "curr used ss");
  CHECK(std::get<std::int64_t>(detail.server_sessions[0].attributes[3].value) == 17);
  CHECK(std::get<std::string>(detail.server_sessions[0].attributes[4].value) == "MSS_ACTIVE");
  CHECK(std::get<std::int64_t>(detail.server_sessions[0].attributes[6].value) == 1);
  CHECK(std::get<std::int64_t>(detail.server_sessions[1].attributes[3].value) == 16);
}

}  // namespace
}  // namespace sessiongate::admin
