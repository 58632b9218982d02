#include "proxy/cluster_settings.hpp"

#include "proxy/configuration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <variant>

using namespace sessiongate::proxy;
using test::bad;
using test::contains;
using test::good;
using test::temporary_file;

namespace {

constexpr std::string_view complete = R"([
  {"name": "orders", "backends": ["db1.example:3306", {"address": "[::1]:3307", "weight": 2},
                                  {"address": "/run/mysqld/mysqld.sock", "weight": 0}],
   "order": "weight", "tenants": ["acme", "globex"], "credentials": "users", "users_file": "/run/secrets/users",
   "control_user": "sessiongate", "control_password_file": "/run/secrets/control"},
  {"name": "reports", "backends": ["10.0.0.3:3306"]}])";

std::string wrong_with(std::string_view text) {
  const auto read = parse_clusters(text);
  INFO(text);
  REQUIRE(std::holds_alternative<std::string>(read));
  return std::get<std::string>(read);
}

/// What is wrong with one cluster that has these members beside what every cluster needs.
std::string wrong_with_members(std::string_view members) {
  return wrong_with(fmt::format(R"([{{"name": "a", "backends": ["h:1"], {}}}])", members));
}

}  // namespace

TEST_CASE("clusters are read with everything that they can have") {
  const auto read = std::get<std::vector<cluster_settings>>(parse_clusters(complete));
  REQUIRE(read.size() == 2);
  const auto& orders = read.front();
  CHECK(orders.name == "orders");
  CHECK(orders.backends == std::vector<backend_settings>{
                               {{"db1.example", 3306}, 1}, {{"::1", 3307}, 2}, {{"/run/mysqld/mysqld.sock", 0}, 0}});
  CHECK(orders.order == backend_order::weight);
  CHECK(orders.tenants == std::vector<std::string>{"acme", "globex"});
  CHECK(orders.credentials == credentials_mode::users);
  CHECK(orders.users_file == "/run/secrets/users");
  CHECK(orders.control_user == "sessiongate");
  CHECK(orders.control_password_file == "/run/secrets/control");
  CHECK(read.back().order == backend_order::failover);
  CHECK(read.back().credentials == credentials_mode::none);
  CHECK(read.back().backends.front().weight == 1);
}

TEST_CASE("clusters are shown as they can be read again") {
  const auto shown = to_text(std::get<std::vector<cluster_settings>>(parse_clusters(complete)));
  CHECK(to_text(std::get<std::vector<cluster_settings>>(parse_clusters(shown))) == shown);
  CHECK(to_text(std::vector<cluster_settings>()).empty());
}

TEST_CASE("what is wrong with clusters is said, and where") {
  for (const auto* text : {"{}", "[]", "[", "5", "\"x\""}) CHECK(wrong_with(text) == "must be a JSON list of clusters");
  CHECK(wrong_with(R"(["x"])") == "cluster 1: must be an object");
  CHECK(wrong_with(R"([{"backends": ["h:1"]}])") == "cluster 1: needs a \"name\"");
  CHECK(wrong_with(R"([{"name": "a"}])") == "cluster 1: needs \"backends\"");
  CHECK(wrong_with(R"([{"name": "a", "backends": []}])") == "cluster 1: needs \"backends\"");
  for (const auto* name : {"", "a#b", "a@b", "a:b", R"(a\n)"}) {
    CHECK(wrong_with(fmt::format(R"([{{"name": "{}"}}])", name)) ==
          "cluster 1: \"name\" must be a name without #, @ and :");
  }
  CHECK(
      contains(wrong_with(R"([{"name": "a", "backends": ["h:1", "h"]}])"), "cluster 1: backend 2: must be HOST:PORT"));
  CHECK(contains(wrong_with(R"([{"name": "a", "backends": ["h:0"]}])"), "cluster 1: backend 1: must name a port"));
  CHECK(wrong_with(R"([{"name": "a", "backends": ["h:1", {"address": "h:1"}]}])") ==
        "cluster 1: backend 2: h:1 is there twice");
  CHECK(wrong_with(R"([{"name": "a", "backends": [{"weight": 1}]}])") == "cluster 1: backend 1: needs an \"address\"");
  CHECK(wrong_with(R"([{"name": "a", "backends": [{"adress": "h:1"}]}])") ==
        "cluster 1: backend 1: there is no \"adress\" in a backend");
  for (const auto* weight : {"-1", "1.5", "\"1\"", "1000001"}) {
    CHECK(contains(
        wrong_with(fmt::format(R"([{{"name": "a", "backends": [{{"address": "h:1", "weight": {}}}]}}])", weight)),
        "\"weight\" must be a number from 0 to 1000000"));
  }
  CHECK(wrong_with_members(R"("colour": "red")") == "cluster 1: there is no \"colour\" in a cluster");
  CHECK(wrong_with_members(R"("control_password": "x")") == "cluster 1: there is no \"control_password\" in a cluster");
  CHECK(wrong_with_members(R"("order": "random")") == "cluster 1: \"order\" must be one of failover, weight");
  CHECK(wrong_with_members(R"("credentials": 1)") == "cluster 1: \"credentials\" must be a text");
  CHECK(wrong_with_members(R"("tenants": "t")") == "cluster 1: \"tenants\" must be a list of names");
  CHECK(wrong_with_members(R"("tenants": ["t", "t"])") == "cluster \"a\": tenant \"t\" has a cluster already");
  CHECK(wrong_with(R"([{"name": "a", "backends": ["h:1"]}, {"name": "a", "backends": ["h:2"]}])") ==
        "there are two clusters \"a\"");
}

TEST_CASE("without clusters the settings for one make it") {
  const temporary_file password("secret");
  const auto only = good(test::read({"--backend", "db1:3306,/run/mysqld.sock", "--backend-order", "weight", "--cluster",
                                     "orders", "--credentials", "learn", "--control-user", "control",
                                     "--control-password-file", password.path()}))
                        .clusters;
  REQUIRE(only.size() == 1);
  CHECK(only.front().name == "orders");
  CHECK(only.front().backends == std::vector<backend_settings>{{{"db1", 3306}, 1}, {{"/run/mysqld.sock", 0}, 1}});
  CHECK(only.front().order == backend_order::weight);
  CHECK(only.front().credentials == credentials_mode::learn);
  CHECK(only.front().control_user == "control");
  CHECK(only.front().control_password == "secret");
}

TEST_CASE("each cluster has its own control account, or that of the settings") {
  const temporary_file own("own");
  const temporary_file common("common");
  const auto file = temporary_file(fmt::format(
      R"({{"control_user": "everywhere", "control_password_file": "{}", "clusters": [
          {{"name": "a", "backends": ["h:1"], "control_user": "mine", "control_password_file": "{}"}},
          {{"name": "b", "backends": ["h:2"]}},
          {{"name": "c", "backends": ["h:3"], "control_user": "c"}}]}})",
      common.path(), own.path()));
  const auto read =
      good(test::read({"--config", file.path()}, {{"SESSIONGATE_CONTROL_PASSWORD", "variable"}})).clusters;
  REQUIRE(read.size() == 3);
  CHECK(read[0].control_user == "mine");
  CHECK(read[0].control_password == "own");
  CHECK(read[1].control_user == "everywhere");
  CHECK(read[1].control_password == "common");
  CHECK(read[2].control_user == "c");
  CHECK(read[2].control_password == "variable");
}

TEST_CASE("clusters do not go with the settings for one, and the default has to be one of them") {
  constexpr std::string_view clusters = R"([{"name":"a","backends":["h:1"]}])";
  const auto refused = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"--clusters", std::string(clusters)});
    return bad(test::read(std::move(more)));
  };
  for (const auto& [flag, value] : std::vector<std::pair<std::string, std::string>>{{"--backend", "h:1"},
                                                                                    {"--backend-order", "weight"},
                                                                                    {"--cluster", "a"},
                                                                                    {"--credentials", "learn"},
                                                                                    {"--users-file", "/x"}}) {
    CHECK(contains(refused({flag, value}), "--clusters: not together with --backend"));
  }
  CHECK(contains(refused({"--default-cluster", "b"}), "--default-cluster: there is no cluster \"b\""));
  const auto file = temporary_file(R"({"clusters": [{"name": "a", "backends": ["h"]}]})");
  CHECK(contains(bad(test::read({"--config", file.path()})),
                 file.path() + ": \"clusters\": cluster 1: backend 1: must be HOST:PORT"));
  const auto unread = temporary_file(R"({"clusters": [{"name": "a", "backends": ["h:1"], "control_user": "c",
                                                       "control_password_file": "/nonexistent"}]})");
  CHECK(contains(bad(test::read({"--config", unread.path()})),
                 "cluster \"a\": control_password_file: cannot read /nonexistent"));
  const auto nobody = temporary_file(fmt::format(
      R"({{"clusters": [{{"name": "a", "backends": ["h:1"], "control_password_file": "{}"}}]}})", unread.path()));
  CHECK(contains(bad(test::read({"--config", nobody.path()})), "control_password_file: needs control_user"));
}
