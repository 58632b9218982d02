#include "proxy/metrics.hpp"

#include "proxy/client_connection.hpp"
#include "proxy/configuration.hpp"
#include "proxy/loopback.hpp"

#include <ctime>
#include <map>
#include <regex>
#include <set>
#include <sstream>

using namespace sessiongate;
using namespace sessiongate::proxy;

namespace {

struct page {
  std::map<std::string, std::string> kinds;     // by name, from # TYPE
  std::set<std::string> helped;                 // from # HELP
  std::map<std::string, std::uint64_t> values;  // by name with labels
};

/// Reads the text format strictly: what is no HELP, no TYPE and no sample fails.
page read(const std::string& text) {
  static const std::regex help("# HELP ([a-z_]+) .+");
  static const std::regex type("# TYPE ([a-z_]+) (counter|gauge|histogram)");
  static const std::regex sample(
      R"re(([a-z_]+)((?:\{[a-z_]+="(?:[^"\\]|\\.)*"(?:,[a-z_]+="(?:[^"\\]|\\.)*")*\})?) ([0-9]+)(?:\.[0-9]+)?)re");
  static const std::regex part_of_histogram("(.+)_(?:bucket|count|sum)");
  page found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    std::smatch part;
    if (std::regex_match(line, part, help)) {
      CHECK(found.helped.insert(part[1]).second);
    } else if (std::regex_match(line, part, type)) {
      CHECK(found.kinds.emplace(part[1], part[2]).second);
    } else {
      REQUIRE(std::regex_match(line, part, sample));
      const std::string name = part[1];
      std::smatch base;
      const bool spread = std::regex_match(name, base, part_of_histogram) && found.kinds[base[1]] == "histogram";
      CHECK(found.kinds.contains(spread ? base[1].str() : name));
      CHECK(found.helped.contains(spread ? base[1].str() : name));
      CHECK(found.values.emplace(name + part[2].str(), std::stoull(part[3])).second);
    }
  }
  return found;
}

config settings() {
  config read;
  read.clusters = {{.name = "c\"1", .backends = {{.address = {"127.0.0.1", 3306}}}}};
  return read;
}

std::vector<std::unique_ptr<worker>> two_workers() {
  std::vector<std::unique_ptr<worker>> made;
  made.push_back(std::make_unique<worker>(4096, std::chrono::microseconds(0)));
  made.push_back(std::make_unique<worker>(4096, std::chrono::microseconds(0)));
  return made;
}

}  // namespace

TEST_CASE("the metrics page is well-formed, and every sample has HELP and TYPE") {
  test::reactor admin;
  const gateway shared(settings(), admin.sockets);
  const auto workers = two_workers();
  const auto text = render_metrics(shared, workers);
  CHECK(text.ends_with('\n'));
  const auto found = read(text);
  CHECK(found.kinds.size() == found.helped.size());
  for (const auto& [name, kind] : found.kinds) {
    INFO(name);
    CHECK(name.starts_with("sessiongate_"));
    CHECK(name.ends_with("_total") == (kind == "counter"));
    CHECK((name.ends_with("_seconds") && !name.ends_with("_timestamp_seconds")) == (kind == "histogram"));
    const auto at = found.values.lower_bound(name);
    REQUIRE(at != found.values.end());
    CHECK(at->first.starts_with(name));
  }
}

TEST_CASE("the metrics page sums what the workers counted") {
  test::reactor admin;
  gateway shared(settings(), admin.sockets);
  const auto workers = two_workers();
  workers[0]->counters().accepted.add(2);
  workers[1]->counters().accepted.add(3);
  workers[1]->counters().bytes_from_clients.add(5'000'000'000);
  workers[0]->counters().stops[static_cast<std::size_t>(session::stop_reason::killed)].add(4);
  workers[1]->add_load();
  shared.draining.store(true);

  auto found = read(render_metrics(shared, workers));
  CHECK(found.values["sessiongate_client_connections_total"] == 5);
  CHECK(found.values["sessiongate_client_received_bytes_total"] == 5'000'000'000);
  CHECK(found.values["sessiongate_sessions_closed_total{reason=\"killed\"}"] == 4);
  CHECK(found.values["sessiongate_sessions_closed_total{reason=\"client_quit\"}"] == 0);
  CHECK(found.values["sessiongate_worker_sessions{worker=\"0\"}"] == 0);
  CHECK(found.values["sessiongate_worker_sessions{worker=\"1\"}"] == 1);
  CHECK(found.values.contains("sessiongate_worker_longest_round_microseconds{worker=\"1\"}"));
  CHECK(found.values["sessiongate_draining"] == 1);
  CHECK(found.values["sessiongate_client_sessions"] == 0);
}

TEST_CASE("a histogram's buckets count what took no longer, over all workers") {
  test::reactor admin;
  gateway shared(settings(), admin.sockets);
  const auto workers = two_workers();
  const auto seconds = [](double count) {
    constexpr session::ticks sample = 1'000'000'000;
    return static_cast<session::ticks>(count * 1e18 / static_cast<double>(session::to_duration(sample).count()));
  };
  const auto took = [&](std::size_t worker, session::ticks time) {
    workers[worker]->counters().command_time[static_cast<std::size_t>(command_class::query)].add(time);
  };
  took(0, 0);
  took(0, seconds(0.003));
  took(1, seconds(2));
  took(0, seconds(100.5));

  auto found = read(render_metrics(shared, workers));
  const auto bucket = [&](const std::string& limit) {
    return found.values["sessiongate_command_duration_seconds_bucket{command=\"query\",le=\"" + limit + "\"}"];
  };
  CHECK(bucket("0.0001") == 1);
  CHECK(bucket("0.0025") == 1);
  CHECK(bucket("0.005") == 2);
  CHECK(bucket("1") == 2);
  CHECK(bucket("5") == 3);
  CHECK(bucket("30") == 3);
  CHECK(bucket("+Inf") == 4);
  CHECK(found.values["sessiongate_command_duration_seconds_count{command=\"query\"}"] == 4);
  CHECK(found.values["sessiongate_command_duration_seconds_sum{command=\"query\"}"] == 102);
  CHECK(found.values["sessiongate_command_duration_seconds_count{command=\"other\"}"] == 0);
  CHECK(found.values["sessiongate_login_duration_seconds_count"] == 0);
  CHECK(found.values.contains(
      "sessiongate_backend_connect_duration_seconds_sum{cluster=\"c\\\"1\",backend=\"127.0.0.1:3306\"}"));
}

TEST_CASE("errors are counted by side") {
  test::reactor admin;
  gateway shared(settings(), admin.sockets);
  const auto workers = two_workers();
  workers[0]->counters().stops[static_cast<std::size_t>(session::stop_reason::protocol_error)].add(1);
  workers[1]->counters().stops[static_cast<std::size_t>(session::stop_reason::client_gone)].add(2);
  workers[0]->counters().stops[static_cast<std::size_t>(session::stop_reason::client_quit)].add(7);
  workers[0]->counters().proxy_errors.add(4);
  auto& counted = shared.clusters.standard().backends().front()->counted();
  for (int each = 0; each < 5; ++each) counted.count_error();
  for (int each = 0; each < 6; ++each) counted.count_failure();
  auto found = read(render_metrics(shared, workers));
  CHECK(found.values["sessiongate_errors_total{side=\"client\"}"] == 3);
  CHECK(found.values["sessiongate_errors_total{side=\"proxy\"}"] == 4);
  CHECK(found.values["sessiongate_errors_total{side=\"backend\"}"] == 5);
  CHECK(found.values["sessiongate_backend_errors_total{cluster=\"c\\\"1\",backend=\"127.0.0.1:3306\"}"] == 5);
  CHECK(found.values["sessiongate_backend_connection_failures_total{cluster=\"c\\\"1\",backend=\"127.0.0.1:3306\"}"] ==
        6);
}

TEST_CASE("clusters with credentials tell of them, others do not") {
  const test::temporary_file file(R"([{"user": "app", "password": "secret of app"}])");
  auto read_in = settings();
  read_in.clusters.push_back({.name = "learns", .credentials = credentials_mode::learn});
  read_in.clusters.push_back({.name = "users", .credentials = credentials_mode::users, .users_file = file.path()});
  for (auto& each : read_in.clusters) each.backends = {{.address = {"127.0.0.1", 3306}}};
  test::reactor admin;
  gateway shared(std::move(read_in), admin.sockets);
  const auto workers = two_workers();
  const auto text = render_metrics(shared, workers);
  CHECK(text.find("secret of app") == std::string::npos);
  auto found = read(text);
  CHECK(found.values["sessiongate_credentials{cluster=\"learns\"}"] == 0);
  CHECK(found.values["sessiongate_credentials{cluster=\"users\"}"] == 1);
  CHECK_FALSE(found.values.contains("sessiongate_credentials{cluster=\"c\\\"1\"}"));
  for (const auto each : credential_outcome_names) {
    for (const auto* cluster : {"learns", "users"}) {
      CHECK(found.values.contains(std::string("sessiongate_credential_logins_total{cluster=\"") + cluster +
                                  "\",outcome=\"" + std::string(each) + "\"}"));
    }
  }
  CHECK(found.values.contains("sessiongate_credential_logins_waiting{cluster=\"learns\"}"));
  CHECK_FALSE(found.values.contains("sessiongate_credential_logins_waiting{cluster=\"users\"}"));
  CHECK(found.values["sessiongate_users_file_last_reload_successful{cluster=\"users\"}"] == 1);
  CHECK_FALSE(found.values.contains("sessiongate_users_file_last_reload_successful{cluster=\"learns\"}"));
  const auto loaded = found.values["sessiongate_users_file_last_success_timestamp_seconds{cluster=\"users\"}"];
  CHECK(static_cast<std::time_t>(loaded) >= std::time(nullptr) - 60);
  CHECK(static_cast<std::time_t>(loaded) <= std::time(nullptr));
}

TEST_CASE("every reason for a session's end has its sample") {
  test::reactor admin;
  const gateway shared(settings(), admin.sockets);
  const auto workers = two_workers();
  const auto found = read(render_metrics(shared, workers));
  for (std::uint8_t index = 1; index < session::stop_reason_count; ++index) {
    const auto text = std::string(session::to_text(static_cast<session::stop_reason>(index)));
    INFO(text);
    CHECK(found.values.contains("sessiongate_sessions_closed_total{reason=\"" + text + "\"}"));
  }
}
