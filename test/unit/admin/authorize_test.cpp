// The whole matrix: who, times what, times whose. The expectations are written out here a second time on purpose.
#include "admin/authorize.hpp"

#include "test/unit/admin/fake_session.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <fstream>
#include <string>

namespace sessiongate::admin {
namespace {

using test::make_fake;

constexpr std::uint32_t own_id = session::cs_id_min + 1;

struct someone {
  std::string_view name;
  principal who;
};

std::vector<someone> everybody() {
  const principal app{principal_kind::account, "app", "t1", "c1", own_id};
  auto with_process = app;
  with_process.rights.sees_others = true;
  auto with_kill = app;
  with_kill.rights.kills_others = true;
  auto with_both = with_process;
  with_both.rights.kills_others = true;
  const auto token = [](token_role role) {
    principal who;
    who.kind = principal_kind::token;
    who.role = role;
    return who;
  };
  return {{"account", app},
          {"process", with_process},
          {"kill", with_kill},
          {"both", with_both},
          {"operator", {principal_kind::operators, "dba", "any", "", own_id + 100}},
          {"proxysys", {principal_kind::proxysys, "root", "proxysys", "", own_id + 101}},
          {"viewer", token(token_role::viewer)},
          {"operator token", token(token_role::operators)},
          {"admin", token(token_role::admin)}};
}

enum class whose : std::uint8_t { self, own, peer, peer_at_login, claims_own_name, other_tenant, other_cluster, root };

std::shared_ptr<test::fake_session> target(whose what) {
  const std::uint32_t id = own_id + 1 + static_cast<std::uint32_t>(what);
  std::shared_ptr<test::fake_session> made;
  switch (what) {
    case whose::self:  // its own, whatever its name is by now
      return make_fake({.cs_id = own_id, .user = "renamed", .tenant = "t1", .cluster = "c1"});
    case whose::own:
      return make_fake({.cs_id = id, .user = "app", .tenant = "t1", .cluster = "c1"});
    case whose::peer:
      return make_fake({.cs_id = id, .user = "APP", .tenant = "t1", .cluster = "c1"});
    case whose::peer_at_login:
    case whose::claims_own_name:
      made =
          make_fake({.cs_id = id, .user = what == whose::peer_at_login ? "" : "app", .tenant = "t1", .cluster = "c1"});
      made->publish_state(session::client_session_state::init);
      return made;
    case whose::other_tenant:
      return make_fake({.cs_id = id, .user = "app", .tenant = "sys", .cluster = "c1"});
    case whose::other_cluster:
      return make_fake({.cs_id = id, .user = "app", .tenant = "t1", .cluster = "c2"});
    case whose::root:
      break;
  }
  return make_fake({.cs_id = id, .user = "root", .tenant = "proxysys", .cluster = "c1"});
}

constexpr std::array targets{
    whose::self,         whose::own,           whose::peer, whose::peer_at_login, whose::claims_own_name,
    whose::other_tenant, whose::other_cluster, whose::root};

/// y: allowed, o: not_owner (1095), h: hidden (1094), f: forbidden (1227); one letter for each of `targets`.
struct expectation {
  command_kind kind;
  std::array<std::string_view, 9> verdicts;  // in the order of everybody()
};

constexpr auto own = "yyooohhh";
constexpr auto tenant = "yyyyyhhh";
constexpr auto all = "yyyyyyyy";
constexpr auto none = "ffffffff";

// clang-format off
constexpr std::array<expectation, 9> expected{{
  //                                      account process kill    both    operator proxysys viewer operator admin
  {command_kind::ask_proxy,            {{ all,    all,    all,    all,    all,     all,     all,   all,     all}}},
  {command_kind::list_sessions,        {{ own,    tenant, own,    tenant, all,     all,     all,   all,     all}}},
  {command_kind::read_session,         {{ own,    tenant, own,    tenant, all,     all,     all,   all,     all}}},
  {command_kind::kill_session,         {{ own,    own,    tenant, tenant, all,     all,     none,  all,     all}}},
  {command_kind::kill_server_session,  {{ own,    own,    tenant, tenant, all,     all,     none,  all,     all}}},
  {command_kind::kill_query,           {{ own,    own,    tenant, tenant, all,     all,     none,  all,     all}}},
  {command_kind::read_proxy,           {{ none,   none,   none,   none,   all,     all,     all,   all,     all}}},
  {command_kind::drain,                {{ none,   none,   none,   none,   all,     all,     none,  all,     all}}},
  {command_kind::change_proxy,         {{ none,   none,   none,   none,   none,    all,     none,  none,    all}}},
}};
// clang-format on
static_assert(expected.size() == command_kind_count, "a new kind of command: say who may, here too");

char letter(verdict what) {
  switch (what) {
    case verdict::allowed:
      return 'y';
    case verdict::not_owner:
      return 'o';
    case verdict::hidden:
      return 'h';
    case verdict::forbidden:
      break;
  }
  return 'f';
}

TEST_CASE("who may do what to whom", "[admin][authorize]") {
  const auto callers = everybody();
  for (std::size_t row = 0; row < expected.size(); ++row) {
    REQUIRE(static_cast<std::size_t>(expected[row].kind) == row);
    for (std::size_t column = 0; column < callers.size(); ++column) {
      CAPTURE(std::string(to_text(expected[row].kind)), std::string(callers[column].name));
      std::string found;
      for (const auto each : targets) found += letter(may(callers[column].who, expected[row].kind, *target(each)));
      CHECK(found == expected[row].verdicts[column]);
      CHECK(may(callers[column].who, expected[row].kind) == (expected[row].verdicts[column] != none));
    }
  }
}

TEST_CASE("an operator of one of several clusters reaches no further", "[admin][authorize]") {
  principal who{principal_kind::operators, "dba", "any", "c1", own_id + 100};
  for (const bool several : {false, true}) {
    who.own_cluster_only = several;
    for (const auto kind : {command_kind::list_sessions, command_kind::kill_session, command_kind::drain}) {
      CAPTURE(several, std::string(to_text(kind)));
      for (const auto each : {whose::own, whose::peer, whose::other_tenant, whose::root})
        CHECK(letter(may(who, kind, *target(each))) == 'y');
      CHECK(letter(may(who, kind, *target(whose::other_cluster))) == (several ? 'h' : 'y'));
    }
    const session::identity here{.user = "app", .tenant = "t1", .cluster = "c1", .attributes = {}};
    const session::identity elsewhere{.user = "app", .tenant = "t1", .cluster = "c2", .attributes = {}};
    CHECK(may_see_ended(who, &here));
    CHECK(may_see_ended(who, &elsewhere) == !several);
    CHECK(may_see_ended(who, nullptr) == !several);
  }
}

TEST_CASE("a tenant's name grants nothing", "[admin][authorize]") {
  for (const auto* name : {"sys", "proxysys", "", "c1"}) {
    for (const auto* user : {"root", "app"}) {
      const principal who{principal_kind::account, user, name, "c1", own_id};
      CAPTURE(name, user);
      CHECK(may(who, command_kind::kill_session, *target(whose::peer)) == verdict::hidden);
      CHECK(may(who, command_kind::kill_session, *target(whose::root)) == verdict::hidden);
      CHECK_FALSE(may(who, command_kind::change_proxy));
      CHECK_FALSE(may(who, command_kind::read_proxy));
    }
  }
}

TEST_CASE("each command is of some kind", "[admin][authorize]") {
  CHECK(kind_of(show_table{}) == command_kind::list_sessions);
  CHECK(kind_of(show_session{}) == command_kind::read_session);
  CHECK(kind_of(kill_session{}) == command_kind::kill_session);
  CHECK(kind_of(kill_server_session{}) == command_kind::kill_server_session);
  CHECK(kind_of(kill_query{}) == command_kind::kill_query);
  CHECK(kind_of(kill_matching{}) == command_kind::kill_session);
  CHECK(kind_of(kill_matching{.query = true}) == command_kind::kill_query);
}

/// The table's lines as docs/privileges.md has them.
std::vector<std::string> table_lines() {
  std::string head = "| Kind";
  for (std::uint8_t column = 0; column < standing_count; ++column) {
    head += " | " + std::string(to_text(static_cast<standing>(column)));
  }
  std::vector<std::string> lines{head + " |"};
  for (std::uint8_t row = 0; row < command_kind_count; ++row) {
    const auto kind = static_cast<command_kind>(row);
    auto line = "| `" + std::string(to_text(kind)) + '`';
    for (std::uint8_t column = 0; column < standing_count; ++column) {
      line += " | " + std::string(to_text(reach_of(static_cast<standing>(column), kind)));
    }
    lines.push_back(line + " |");
  }
  return lines;
}

TEST_CASE("docs/privileges.md shows the table as it is", "[admin][authorize]") {
  std::ifstream in(SESSIONGATE_PRIVILEGES_DOCUMENT);
  REQUIRE(in);
  std::vector<std::string> documented;
  for (std::string line; std::getline(in, line);) documented.push_back(line);
  for (const auto& line : table_lines()) {
    CAPTURE(line);
    CHECK(std::ranges::count(documented, line) == 1);
  }
}

TEST_CASE("principals are named for the log", "[admin][principal]") {
  CHECK(to_text({principal_kind::account, "root", "sys", "obdemo", 7}) == "root@sys#obdemo (cs_id 7)");
  CHECK(to_text({principal_kind::operators, "root", "", "", 7}) == "root (cs_id 7)");
  CHECK(to_text({principal_kind::proxysys, "ignored", "x", "y", 7}) == "root@proxysys (cs_id 7)");
  principal token;
  token.kind = principal_kind::token;
  token.token = "grafana";
  CHECK(to_text(token) == "token grafana");
}

}  // namespace
}  // namespace sessiongate::admin
