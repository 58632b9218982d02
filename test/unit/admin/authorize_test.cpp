#include "admin/authorize.hpp"

#include "test/unit/admin/fake_session.hpp"

#include <catch2/catch.hpp>

namespace sessiongate::admin {
namespace {

using test::make_fake;

principal account(std::string user, std::string tenant, std::string cluster) {
  return {principal_kind::account, std::move(user), std::move(tenant), std::move(cluster), 1};
}

TEST_CASE("operators, proxysys and tokens may end everything", "[admin][authorize]") {
  const auto target = make_fake({.user = "app", .tenant = "t1", .cluster = "c1"});
  for (const auto kind : {principal_kind::operators, principal_kind::proxysys, principal_kind::token}) {
    const principal who{kind, "other", "t2", "c2", 1};
    CHECK(may_end(who, *target) == verdict::allowed);
    CHECK(may_see(who, *target));
  }
}

TEST_CASE("an account may end what is its own", "[admin][authorize]") {
  const auto target = make_fake({.user = "app", .tenant = "t1", .cluster = "c1"});
  struct row {
    principal who;
    verdict expected;
  };
  for (const auto& each :
       {row{account("app", "t1", "c1"), verdict::allowed}, row{account("root", "t1", "c1"), verdict::not_owner},
        row{account("APP", "t1", "c1"), verdict::not_owner}, row{account("app", "t2", "c1"), verdict::hidden},
        row{account("app", "t1", "c2"), verdict::hidden}, row{account("root", "t2", "c2"), verdict::hidden},
        row{account("app", "", "c1"), verdict::hidden}, row{account("app", "sys", "c1"), verdict::hidden}}) {
    CAPTURE(to_text(each.who));
    CHECK(may_end(each.who, *target) == each.expected);
    CHECK(may_see(each.who, *target) == (each.expected == verdict::allowed));
  }
}

TEST_CASE("the asking session may always end itself", "[admin][authorize]") {
  const auto target = make_fake({.cs_id = session::cs_id_min + 5, .user = "app"});
  auto who = account("renamed", "x", "y");
  who.cs_id = session::cs_id_min + 5;
  CHECK(may_end(who, *target) == verdict::allowed);
}

TEST_CASE("a session that has not logged in belongs to nobody", "[admin][authorize]") {
  const auto target = make_fake({.user = ""});
  target->publish_state(session::client_session_state::init);
  CHECK(may_end(account("", "sys", "obdemo"), *target) == verdict::not_owner);
}

TEST_CASE("principals are named for the log", "[admin][principal]") {
  CHECK(to_text({principal_kind::account, "root", "sys", "obdemo", 7}) == "root@sys#obdemo (cs_id 7)");
  CHECK(to_text({principal_kind::operators, "root", "", "", 7}) == "root (cs_id 7)");
  CHECK(to_text({principal_kind::proxysys, "ignored", "x", "y", 7}) == "root@proxysys (cs_id 7)");
  CHECK(to_text({principal_kind::token, "", "", "", 0}) == "http token");
}

}  // namespace
}  // namespace sessiongate::admin
