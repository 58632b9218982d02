#include "proxy/cluster_set.hpp"

#include "proxy/gateway.hpp"
#include "proxy/loopback.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

using namespace sessiongate;
using namespace sessiongate::proxy;

namespace {

backend_settings server(std::uint16_t port, std::uint32_t weight = 1) {
  return {.address = {"127.0.0.1", port}, .weight = weight};
}

struct proxy_with {
  explicit proxy_with(std::vector<cluster_settings> clusters, const std::string& standard = {})
      : shared(settings(std::move(clusters), standard), on.sockets) {}

  static config settings(std::vector<cluster_settings> clusters, const std::string& standard) {
    config read;
    read.clusters = std::move(clusters);
    read.default_cluster = standard;
    return read;
  }
  [[nodiscard]] const cluster* find(std::string_view user) const {
    return shared.clusters.find(session::parse_login_name(std::string(user)));
  }
  [[nodiscard]] cluster& at(std::size_t index) const { return *shared.clusters.all()[index]; }

  test::reactor on;
  gateway shared;
};

proxy_with two(const std::string& standard = {}) {
  return proxy_with({{.name = "orders", .backends = {server(1)}, .tenants = {"acme"}},
                     {.name = "reports", .backends = {server(2)}, .tenants = {"globex"}}},
                    standard);
}

std::vector<std::uint16_t> ports(const std::vector<backend_ptr>& backends) {
  std::vector<std::uint16_t> all;
  for (const auto& each : backends) all.push_back(each->name()->port);
  return all;
}

protocol::greeting greeting(std::string version, protocol::capabilities flags) {
  protocol::greeting made;
  made.server_version = std::move(version);
  made.flags = flags;
  return made;
}

}  // namespace

TEST_CASE("a login goes by its cluster, else by its tenant, else to the standard cluster") {
  const auto proxy = two();
  const auto* orders = &proxy.at(0);
  const auto* reports = &proxy.at(1);
  CHECK(proxy.find("app") == orders);
  CHECK(proxy.find("app#reports") == reports);
  CHECK(proxy.find("app@globex") == reports);
  CHECK(proxy.find("app@globex#orders") == orders);
  CHECK(proxy.find("app@nobody") == orders);
  CHECK(proxy.find("reports:acme:app") == reports);
  CHECK(proxy.find("app#Reports") == nullptr);
  CHECK(proxy.find("app@globex#elsewhere") == nullptr);
  CHECK(two("reports").find("app")->name() == "reports");
}

TEST_CASE("a cluster without a name takes any label, and the label is shown") {
  const proxy_with proxy({{.backends = {server(1)}}});
  const auto name = session::parse_login_name("app#anything");
  REQUIRE(proxy.find("app#anything") == &proxy.at(0));
  CHECK(cluster_set::shown_name(proxy.at(0), name) == "anything");
  CHECK(cluster_set::shown_name(two().at(1), name) == "reports");
}

TEST_CASE("in the middle of a session a name leads elsewhere only when it says so") {
  const auto proxy = two();
  auto& reports = proxy.at(1);
  const auto find = [&](const char* user) {
    return proxy.shared.clusters.find(session::parse_login_name(user), reports);
  };
  CHECK(find("other") == &reports);
  CHECK(find("other@nobody") == &reports);
  CHECK(find("other@globex") == &reports);
  CHECK(find("other@acme") == &proxy.at(0));
  CHECK(find("other#orders") == &proxy.at(0));
  CHECK(find("other#elsewhere") == nullptr);
}

TEST_CASE("failover tries backends as they are listed, suspect ones last, and none that is down") {
  const proxy_with proxy({{.backends = {server(1), server(2), server(3)}}});
  const auto& only = proxy.at(0);
  CHECK(ports(only.candidates()) == std::vector<std::uint16_t>{1, 2, 3});
  const auto health = [&](std::size_t index) -> backend_health& { return only.backends()[index]->health(); };
  const auto now = backend_health::clock::now();
  health(0).fail(now, "gone");
  CHECK(ports(only.candidates()) == std::vector<std::uint16_t>{2, 3, 1});
  health(1).fail(now, "gone for good", true);
  CHECK(ports(only.candidates()) == std::vector<std::uint16_t>{3, 1});
  health(0).succeed(now);
  CHECK(ports(only.candidates()) == std::vector<std::uint16_t>{1, 3});
  for (const std::size_t each : {0U, 2U}) health(each).fail(now, "gone for good", true);
  CHECK(ports(only.candidates()) == std::vector<std::uint16_t>{1, 2, 3});  // there is nothing to lose
}

TEST_CASE("weights say how often a backend is the first, and all the others follow") {
  const proxy_with proxy({{.backends = {server(1, 1), server(2, 3), server(3, 0)}, .order = backend_order::weight}});
  std::map<std::uint16_t, int> first;
  constexpr int draws = 20'000;
  for (int each = 0; each < draws; ++each) {
    const auto tried = ports(proxy.at(0).candidates());
    REQUIRE(std::set<std::uint16_t>(tried.begin(), tried.end()).size() == 3);
    REQUIRE(tried.back() == 3);
    ++first[tried.front()];
  }
  CHECK(first[2] / double{draws} == Approx(0.75).margin(0.02));
}

TEST_CASE("clients are offered the standard cluster's greeting, without what another backend has not") {
  auto proxy = two();
  auto& clusters = proxy.shared.clusters;
  CHECK(clusters.offer()->flags == 0);
  const auto all = protocol::client_mysql | protocol::client_protocol_41 | protocol::client_session_track;
  clusters.learn(*proxy.at(1).backends().front(), greeting("8.4", all | protocol::client_connect_attrs));
  CHECK(clusters.offer()->server_version == "8.4");  // better than none
  clusters.learn(*proxy.at(0).backends().front(), greeting("5.6", all & ~protocol::client_session_track));
  CHECK(clusters.offer()->server_version == "5.6");
  CHECK(clusters.offer()->flags == (protocol::client_mysql | protocol::client_protocol_41));
  CHECK(proxy.at(1).last_greeting()->flags == (all | protocol::client_connect_attrs));
}

TEST_CASE("that a server is MySQL's is not taken from it by a MariaDB beside it") {
  auto proxy = two();
  auto& clusters = proxy.shared.clusters;
  clusters.learn(*proxy.at(0).backends().front(),
                 greeting("8.4", protocol::client_mysql | protocol::client_protocol_41));
  clusters.learn(*proxy.at(1).backends().front(), greeting("11.4-MariaDB", protocol::client_protocol_41));
  CHECK(clusters.offer()->flags == (protocol::client_mysql | protocol::client_protocol_41));
}

TEST_CASE("a server session leads to the control account of its own backend") {
  const proxy_with proxy(
      {{.name = "a", .backends = {server(1), server(2)}, .control_user = "c"}, {.name = "b", .backends = {server(1)}}});
  const auto on = [&](const backend& of) {
    return session::server_session(1, of.name(), session::connection_origin{.connection_id = 5});
  };
  auto& first = proxy.at(0);
  const auto second = on(*first.backends()[1]);
  CHECK(proxy.shared.clusters.control_of(second) == &first.control(*first.backends()[1]));
  CHECK(proxy.shared.clusters.has_control(second));
  CHECK_FALSE(proxy.shared.clusters.has_control(on(*proxy.at(1).backends().front())));
  const session::server_session stranger(1, std::make_shared<const session::endpoint>("127.0.0.1", 1), {});
  CHECK(proxy.shared.clusters.control_of(stranger) == nullptr);
}
