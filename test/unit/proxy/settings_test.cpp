#include "proxy/settings.hpp"

#include "proxy/configuration.hpp"

#include <fmt/format.h>

#include <set>

using namespace sessiongate::proxy;
using test::contains;

namespace {

std::string assign(std::string_view name, std::string_view text, config& target) {
  for (const auto& each : settings()) {
    if (each.name == name) return each.assign(target, text);
  }
  FAIL("no setting " << name);
  return {};
}

/// The value that the text became, as it is shown.
std::string taken(std::string_view name, std::string_view text) {
  config target;
  INFO(name << " = " << text);
  CHECK(assign(name, text, target).empty());
  for (const auto& each : settings()) {
    if (each.name == name) return each.show(target);
  }
  return {};
}

bool refused(std::string_view name, std::string_view text) {
  config target;
  INFO(name << " = " << text);
  return !assign(name, text, target).empty();
}

}  // namespace

TEST_CASE("every setting has a name, a help text, and a way back from what it shows") {
  std::set<std::string_view> names;
  for (const auto& each : settings()) {
    INFO(each.name);
    CHECK(names.insert(each.name).second);
    CHECK(each.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos);
    CHECK_FALSE(each.help.empty());
    config target;
    const auto shown = each.show(target);
    if (shown.empty()) continue;
    CHECK(each.assign(target, shown).empty());
    CHECK(each.show(target) == shown);
  }
}

TEST_CASE("names of variables and keys") {
  CHECK(environment_name("admin-token-file") == "SESSIONGATE_ADMIN_TOKEN_FILE");
  CHECK(file_key("admin-token-file") == "admin_token_file");
  CHECK(file_key("listen") == "listen");
}

TEST_CASE("endpoints") {
  CHECK(taken("backend", "10.0.0.1:3306") == "10.0.0.1:3306");
  CHECK(taken("backend", "db.example.org:3306") == "db.example.org:3306");
  CHECK(taken("backend", "[::1]:3306") == "[::1]:3306");
  CHECK(taken("listen", ":2883") == "0.0.0.0:2883");
  CHECK(taken("listen", "127.0.0.1:0") == "127.0.0.1:0");
  CHECK(taken("listen", "[::]:2883") == "[::]:2883");
  CHECK(taken("admin-listen", "off") == "off");
  CHECK(taken("admin-listen", "[::1]:2884") == "[::1]:2884");
  CHECK(taken("backend", "db1:3306, [::1]:3307 ,/run/mysqld.sock") == "db1:3306,[::1]:3307,unix:/run/mysqld.sock");
  CHECK(refused("backend", "db1:3306,db2"));
  CHECK(refused("backend", "db1:3306,db1:3306"));
  CHECK(refused("listen", "10.0.0.1:3306 "));
  CHECK(refused("admin-listen", "10.0.0.1:3306 "));
  for (const auto* text :
       {"", "10.0.0.1", "10.0.0.1:", "10.0.0.1:x", "10.0.0.1:65536", "10.0.0.1:-1", "::1:3306", "[::1:3306"}) {
    CHECK(refused("backend", text));
    CHECK(refused("listen", text));
    CHECK(refused("admin-listen", text));
  }
  CHECK(refused("backend", "10.0.0.1:0"));
}

TEST_CASE("Unix sockets in place of addresses") {
  for (const auto* name : {"backend", "listen", "admin-listen"}) {
    CHECK(taken(name, "unix:/run/sg.sock") == "unix:/run/sg.sock");
    for (const auto& text : {std::string("unix:"), std::string("unix:run/sg.sock"), "unix:/" + std::string(107, 'x')}) {
      CHECK(refused(name, text));
    }
  }
  CHECK(taken("listen-socket", "/run/sg.sock") == "/run/sg.sock");
  CHECK(taken("listen-socket", "").empty());
  CHECK(refused("listen-socket", "sg.sock"));
  for (const auto* name : {"listen-socket-mode", "admin-socket-mode"}) {
    CHECK(taken(name, "0660") == "660");
    for (const auto* text : {"", "8", "1777", "rw", "-1"}) CHECK(refused(name, text));
  }
}

TEST_CASE("the PROXY protocol") {
  CHECK(taken("proxy-protocol-from", " 10.0.0.0/8 , ::1") == "10.0.0.0/8,::1");
  CHECK(taken("proxy-protocol-from", "").empty());
  CHECK(refused("proxy-protocol-from", "10.0.0.0/8,balancer"));
  CHECK(taken("proxy-protocol-required", "on") == "on");
  CHECK(refused("proxy-protocol-required", "yes"));
  for (const auto* form : {"off", "v1", "v2"}) CHECK(taken("backend-proxy-protocol", form) == form);
  CHECK(refused("backend-proxy-protocol", "v3"));
}

TEST_CASE("what is listened on is a numeric address") {
  CHECK(refused("listen", "localhost:2883"));
  CHECK(refused("admin-listen", "localhost:2884"));
  CHECK(refused("listen", "999.0.0.1:2883"));
}

TEST_CASE("an endpoint that is refused leaves the one before") {
  config target;
  CHECK_FALSE(assign("listen", "localhost:1", target).empty());
  CHECK(target.listen == config().listen);
}

TEST_CASE("the admin API can be turned off and on again") {
  config target;
  CHECK(assign("admin-listen", "off", target).empty());
  CHECK_FALSE(target.admin_enabled);
  CHECK(assign("admin-listen", "127.0.0.1:2885", target).empty());
  CHECK(target.admin_enabled);
  CHECK(target.admin_listen.port == 2885);
}

TEST_CASE("durations") {
  for (const auto* name :
       {"connect-timeout", "login-timeout", "kill-timeout", "drain-timeout", "idle-timeout", "write-timeout"}) {
    CHECK(taken(name, "500ms") == "500ms");
    CHECK(taken(name, "10s") == "10000ms");
    CHECK(taken(name, "10") == "10000ms");
    CHECK(taken(name, "2m") == "120000ms");
    CHECK(taken(name, "0") == "0ms");
    CHECK(taken(name, "1440m") == "86400000ms");
    CHECK(taken(name, "86400s") == "86400000ms");
    CHECK(taken(name, "86400000ms") == "86400000ms");
    for (const auto* text : {"", "s", "-1s", "+1s", "1.5s", "10 s", "10h", "1441m", "86401s", "86400001ms", "ms",
                             "99999999999999999999s", "10S"}) {
      CHECK(refused(name, text));
    }
  }
}

TEST_CASE("counts are taken up to their limits and not beyond") {
  struct limits {
    std::string_view name;
    std::uint64_t min;
    std::uint64_t max;
  };
  constexpr limits all[] = {{"workers", 0, 1024},
                            {"read-buffer-size", 4096, 16'777'216},
                            {"login-packet-max", 4096, 16'777'214},
                            {"admin-statement-max", 1024, 1'048'576},
                            {"admin-prepared-max", 1, 65'536},
                            {"listen-backlog", 1, 65'535},
                            {"max-connections", 0, 10'000'000},
                            {"admin-connections", 0, 1024},
                            {"max-user-connections", 0, 10'000'000},
                            {"login-max-per-address", 0, 10'000'000},
                            {"login-memory-max", 1'048'576, 68'719'476'736},
                            {"spin", 0, 1000}};
  for (const auto& each : all) {
    CHECK(taken(each.name, std::to_string(each.min)) == std::to_string(each.min));
    CHECK(taken(each.name, std::to_string(each.max)) == std::to_string(each.max));
    CHECK(refused(each.name, std::to_string(each.max + 1)));
    if (each.min > 0) CHECK(refused(each.name, std::to_string(each.min - 1)));
    for (const auto* text : {"", "-1", "+5000", "5000 ", "0x2000", "5k", "99999999999999999999"}) {
      CHECK(refused(each.name, text));
    }
    config target;
    CHECK(assign(each.name, "x", target) == fmt::format("must be a number from {} to {}", each.min, each.max));
  }
}

TEST_CASE("lists") {
  config target;
  CHECK(assign("operators", " root , dba,,ops ", target).empty());
  REQUIRE(target.operators.size() == 3);
  CHECK(target.operators[2].user == "ops");
  CHECK(taken("operators", "root, dba@10.0.0.0/8") == "root,dba@10.0.0.0/8");
  CHECK(assign("operators", "root@sys", target).find("a tenant confers no right") != std::string::npos);
  CHECK(assign("operators", "", target).empty());
  CHECK(target.operators.empty());
}

TEST_CASE("words") {
  for (const auto* level : {"trace", "debug", "info", "warning", "error"}) CHECK(taken("log-level", level) == level);
  CHECK(refused("log-level", "warn"));
  CHECK(refused("log-level", "INFO"));
  CHECK(refused("log-level", ""));
  CHECK(taken("log-format", "json") == "json");
  CHECK(taken("log-format", "text") == "text");
  CHECK(refused("log-format", "xml"));
  CHECK(taken("processlist", "proxy") == "proxy");
  CHECK(taken("processlist", "backend") == "backend");
  CHECK(refused("processlist", "both"));
  for (const auto* order : {"failover", "weight"}) CHECK(taken("backend-order", order) == order);
  CHECK(refused("backend-order", "random"));
  for (const auto* mode : {"none", "users", "learn"}) CHECK(taken("credentials", mode) == mode);
  CHECK(refused("credentials", ""));
}
