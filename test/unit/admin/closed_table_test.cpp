#include "admin/closed_table.hpp"

#include "test/unit/admin/listing_fixture.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>

namespace sessiongate::admin {
namespace {

session::closed_session ended(std::uint32_t cs_id, std::string user) {
  session::closed_session gone;
  gone.ids = {cs_id, cs_id + 1000ULL};
  gone.client = {"10.0.0.7", 5};
  gone.who = std::make_shared<const session::identity>(session::identity{std::move(user), "sys", "obdemo", {}});
  gone.database = std::make_shared<const std::string>();
  gone.why = {session::stop_reason::killed, "by root"};
  gone.closed_at = gone.accepted_at + std::chrono::milliseconds(1500);
  gone.logged_in = true;
  return gone;
}

struct fixture : test::listing_fixture {
  fixture() { context.closed = &closed; }
  std::vector<std::uint64_t> seen_by(const principal& who) {
    std::vector<std::uint64_t> ids;
    for (const auto& row : closed_rows({.what = listing::closed_sessions}, who, context)) {
      ids.push_back(static_cast<std::uint64_t>(std::get<std::int64_t>(row[1])));
    }
    return ids;
  }
  session::closed_sessions closed{2};
};

TEST_CASE_METHOD(fixture, "the last session that ended comes first, and the limit holds", "[admin][closed_table]") {
  for (const std::uint32_t id : {1U, 2U, 3U}) closed.add(ended(id, "app"));
  CHECK(seen_by(everybody) == std::vector<std::uint64_t>{3, 2});
}

TEST_CASE_METHOD(fixture, "who could not see a session does not see its end", "[admin][closed_table]") {
  closed.add(ended(1, "app"));
  closed.add(ended(2, "other"));
  CHECK(seen_by({principal_kind::account, "app", "sys", "obdemo", 9}) == std::vector<std::uint64_t>{1});
  CHECK(seen_by({principal_kind::account, "app", "elsewhere", "obdemo", 9}).empty());
  CHECK(seen_by({principal_kind::account, "app", "sys", "obdemo", 9, {.sees_others = true}}).size() == 2);
}

TEST_CASE_METHOD(fixture, "an ended session has its reason, and NULL for what it never had", "[admin][closed_table]") {
  closed.add(ended(1, "app"));
  const auto listed = list({.what = listing::closed_sessions});
  REQUIRE(listed.rows.size() == 1);
  std::map<std::string_view, cell> row;
  for (std::size_t at = 0; at < listed.columns.size(); ++at) row[listed.columns[at].sql_name] = listed.rows[0][at];
  CHECK(row["reason"] == cell(std::string("killed")));
  CHECK(row["detail"] == cell(std::string("by root")));
  CHECK(row["lived_ms"] == cell(std::int64_t{1500}));
  CHECK(row["db"] == cell());
  CHECK(row["connection_id"] == cell());
}

}  // namespace
}  // namespace sessiongate::admin
