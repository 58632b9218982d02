#include "admin/execute.hpp"

#include "test/unit/admin/execute_fixture.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace sessiongate::admin {
namespace {

using test::first_id;
using test::own_id;
using test::second_id;
using fixture = test::execute_fixture;

TEST_CASE_METHOD(fixture, "a listing is filtered, sorted and limited", "[admin][execute]") {
  add({.cs_id = second_id, .user = "app", .tenant = "t2", .database = "shop", .client = {"10.0.0.8", 1000}});
  add({.cs_id = first_id});
  add({.cs_id = own_id, .cluster = "elsewhere"})->publish_state(session::client_session_state::closed);
  using ids = std::vector<std::uint32_t>;
  CHECK(list("", token) == ids{first_id, second_id, own_id});
  CHECK(list("user=app", token) == ids{second_id});
  CHECK(list("tenant=sys", token) == ids{first_id, own_id});
  CHECK(list("cluster=elsewhere", token) == ids{own_id});
  CHECK(list("db=shop", token) == ids{second_id});
  CHECK(list("db=", token) == ids{first_id, own_id});
  CHECK(list("host=10.0.0.8", token) == ids{second_id});
  CHECK(list("host=10.0.0.8:1000", token) == ids{second_id});
  CHECK(list("host=10.0.0.8:1001", token).empty());
  CHECK(list("state=MCS_CLOSED", token) == ids{own_id});
  CHECK(list("user=root&tenant=t2", token).empty());
  CHECK(list("limit=2", token) == ids{first_id, second_id});
  CHECK(list("limit=0", token).empty());
  CHECK(std::get<table>(run(listing_of("limit=2"), token)).total == 3);
  CHECK(list("sort=-cs_id&limit=2&offset=1", token) == ids{second_id, first_id});
  CHECK(list("user_ne=app&trans_count_lt=1", token) == ids{first_id, own_id});
  CHECK(list("filter=user+%3D+'root'+AND+Host+LIKE+'10.0.0.7:%25'", token) == ids{first_id, own_id});
  CHECK(list("offset=9", token).empty());
  CHECK(list("", {principal_kind::account, "root", "sys", "obdemo", 1}) == ids{first_id});
  CHECK(list("", {principal_kind::account, "x", "sys", "obdemo", 1}).empty());
}

TEST_CASE_METHOD(fixture, "a detail is that of the caller when no id is given", "[admin][execute]") {
  add({.cs_id = own_id}, 77);
  const auto own = std::get<session_detail>(run(show_session{}, owner));
  CHECK(std::get<std::int64_t>(own.client[0].attributes[1].value) == own_id);
  CHECK(std::get<bool>(own.client[0].attributes[10].value));
  CHECK_FALSE(
      std::get<bool>(std::get<session_detail>(run(show_session{.id = 77}, token)).client[0].attributes[10].value));
  CHECK(fail(show_session{}, token).kind == failure_kind::malformed);
}

TEST_CASE_METHOD(fixture, "a filter with an unknown column or a value that is no number fails", "[admin][execute]") {
  const auto column = fail(listing_of("filter=nope+%3D+1"), token);
  CHECK(column.kind == failure_kind::bad_value);
  CHECK(column.code == 1054);
  CHECK(column.sqlstate == "42S22");
  CHECK(column.message == "Unknown column 'nope' in 'where clause'");
  CHECK(fail(listing_of("sort=nope"), token).message == "Unknown column 'nope' in 'order clause'");
  const auto value = fail(listing_of("trans_count=x"), token);
  CHECK(value.code == 1292);
  CHECK(value.message == "Incorrect value: 'x' for column 'trans_count', which holds numbers");
}

}  // namespace
}  // namespace sessiongate::admin
