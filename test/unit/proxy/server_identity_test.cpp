#include "proxy/server_identity.hpp"

#include "proxy/own_response.hpp"

#include "protocol/result_set_writer.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace sessiongate;
using namespace sessiongate::proxy;
using namespace std::chrono_literals;
using session::connection_origin;
using session::endpoint;

namespace {

const server_identity::clock::time_point now{100h};
const endpoint here{"10.1.0.1", 3306};
const endpoint elsewhere{"10.1.0.2", 3306};
const endpoint own{"10.1.0.9", 40102};
constexpr protocol::capabilities plain = protocol::client_protocol_41;

protocol::bytes rows(std::vector<std::string> columns, const std::vector<protocol::result_row>& content) {
  std::vector<protocol::result_column> named;
  for (auto& each : columns) named.push_back({std::move(each), protocol::column_type::text});
  protocol::bytes out;
  std::uint8_t sequence_id = 1;
  protocol::write_result_set(out, sequence_id, named, content, protocol::row_format::text, plain, 2);
  return out;
}

struct answers {
  std::vector<protocol::result_row> variables{{"hostname", "db1"}, {"port", "3306"}, {"server_uuid", "the-uuid"}};
  std::string uptime = "60";
  std::string grant = "GRANT CONNECTION ADMIN, PROCESS ON *.* TO `control`@`%`";
  std::string host = "10.1.0.9:40102";

  [[nodiscard]] std::optional<server_identity> read() const {
    const std::vector<protocol::bytes> packets{rows({"Variable_name", "Value"}, variables),
                                               rows({"Variable_name", "Value"}, {{"Uptime", uptime}}),
                                               rows({"Grants for control@%"}, {{grant}}), rows({"HOST"}, {{host}})};
    return read_identity(packets, "10.11.6-MariaDB", own, now);
  }
};

connection_origin made(std::uint32_t number, std::chrono::seconds dialled, std::chrono::seconds greeted,
                       const endpoint& peer = here) {
  const std::chrono::steady_clock::time_point begin{};
  return {number, 0, peer, begin + dialled, begin + greeted};
}

}  // namespace

TEST_CASE("a server is known by its uuid and its start") {
  const auto told = answers().read();
  REQUIRE(told);
  CHECK(told->name == "the-uuid");
  CHECK(told->started == now - 60s);
  CHECK(told->shows_threads);
}

TEST_CASE("without a uuid it is known by what it is configured as") {
  answers given;
  given.variables = {{"hostname", "db1"}, {"port", "3306"}, {"server_uuid", ""}};
  const auto one = given.read();
  given.variables[1] = {"port", "3307"};
  const auto other = given.read();
  REQUIRE((one && other));
  CHECK(one->name != other->name);
}

TEST_CASE("threads are shown to who may see all of them, with addresses that are the proxy's own") {
  answers given;
  given.host = "app.internal:40102";
  CHECK(given.read()->shows_threads);
  for (const auto* translated : {"172.17.0.1:51000", "172.17.0.1:40102", "10.1.0.9:51000", "::1:40102"}) {
    given.host = translated;
    CHECK_FALSE(given.read()->shows_threads);
  }
  given.host = "localhost";
  CHECK_FALSE(given.read()->shows_threads);
  given = {};
  given.grant = "GRANT CONNECTION ADMIN ON *.* TO `control`@`%`";
  CHECK_FALSE(given.read()->shows_threads);
}

TEST_CASE("a server that does not tell has no identity") {
  answers given;
  given.uptime = "soon";
  CHECK_FALSE(given.read());
  given = {};
  given.variables.clear();
  CHECK_FALSE(given.read());
  CHECK_FALSE(read_identity({}, "10.11.6-MariaDB", own, now));
}

TEST_CASE("ports of hosts") {
  CHECK(port_of_host("10.0.0.1:40102") == 40102);
  CHECK(port_of_host("::1:40102") == 40102);
  CHECK(port_of_host("app.internal:1") == 1);
  for (const auto* none : {"", "localhost", "localhost:", "host:x", "host:65536", "host:-1", ":"})
    CHECK(port_of_host(none) == 0);
}

TEST_CASE("rows of a response that is cut off anywhere are those that are whole") {
  const auto whole = rows({"a", "b"}, {{"1", std::monostate()}, {"3", "4"}});
  CHECK(read_rows(whole) == std::vector<text_row>{{"1", ""}, {"3", "4"}});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(read_rows(protocol::bytes_view(whole).first(size)).size() <= 2);
  }
  const protocol::bytes ok{7, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0};
  CHECK(read_rows(ok).empty());
}

TEST_CASE("the first server that is seen has been there since its start") {
  known_servers known;
  const server_identity one{"one", now - 1h, true};
  CHECK(known.learn(here, one, now) == now - 1h - start_tolerance);
  CHECK(known.learn(here, {"one", now - 1h + 1s, true}, now + 1min) == now - 1h - start_tolerance);
  CHECK(known.is_last(here, one));
  CHECK_FALSE(known.is_last(elsewhere, one));
}

TEST_CASE("one that was restarted has been there since then") {
  known_servers known;
  known.learn(here, {"one", now - 1h, true}, now);
  CHECK(known.learn(here, {"one", now + 5s, true}, now + 10s) == now + 5s - start_tolerance);
  CHECK_FALSE(known.is_last(here, {"one", now - 1h, true}));
}

TEST_CASE("one that took another's place has been there since it was seen, however long it is up") {
  known_servers known;
  known.learn(here, {"one", now - 1h, true}, now);
  CHECK(known.learn(here, {"two", now - 24h, true}, now + 10s) == now + 10s);
  CHECK(known.learn(here, {"one", now - 1h, true}, now + 20s) == now + 20s);
  CHECK(known.learn(elsewhere, {"two", now - 24h, true}, now) == now - 24h - start_tolerance);
}

TEST_CASE("a clock that was set makes no other server") {
  known_servers known;
  known.learn(here, {"one", now - 1h, true}, now);
  CHECK(known.learn(here, {"one", now - 5h, true}, now + 10s) == now - 1h - start_tolerance);
  CHECK(known.is_last(here, {"one", now - 5h, true}));
}

TEST_CASE("a server numbers its connections in the order in which they come in") {
  using session::may_share_server;
  CHECK(may_share_server(made(5, 10s, 11s), made(6, 20s, 21s)));
  CHECK(may_share_server(made(6, 20s, 21s), made(5, 10s, 11s)));
  CHECK_FALSE(may_share_server(made(6, 10s, 11s), made(5, 20s, 21s)));
  CHECK_FALSE(may_share_server(made(5, 20s, 21s), made(6, 10s, 11s)));
  CHECK(may_share_server(made(6, 10s, 15s), made(5, 12s, 13s)));  // at the same time
  CHECK_FALSE(may_share_server(made(5, 10s, 15s), made(5, 12s, 13s)));
  CHECK_FALSE(may_share_server(made(5, 10s, 11s), made(6, 20s, 21s, elsewhere)));
}
