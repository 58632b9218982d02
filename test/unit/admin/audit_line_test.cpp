#include "admin/audit_line.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <random>
#include <string>

namespace sessiongate::admin {
namespace {

/// One line, which is one JSON object.
nlohmann::json read(const std::string& line) {
  REQUIRE(std::ranges::count(line, '\n') == 1);
  REQUIRE(line.ends_with('\n'));
  auto object = nlohmann::json::parse(line);
  REQUIRE(object.is_object());
  return object;
}

kill_record record_of(const std::string& name) {
  kill_record made;
  made.number = 7;
  made.by = {principal_kind::account, name, name, name, 5};
  made.by.address = "10.0.0.1:5";
  made.reason = name;
  made.identity = std::make_shared<session::identity>(
      session::identity{.user = name, .tenant = name, .cluster = name, .attributes = {}});
  made.database = name;
  made.host = "10.0.0.2:6";
  made.backend = "10.0.0.3:3306";
  made.message = name;
  made.target.cs_id = 1073741830;
  made.target.proxy_sessid = 6483098576305681319;
  made.target.statement = name;
  made.target.was_running = true;
  return made;
}

TEST_CASE("an audit line has the members of GET /v1/kills", "[admin][audit_line]") {
  const auto line = read(audit_line(record_of("app")));
  CHECK(line["event"] == "kill");
  CHECK(line["number"] == 7);
  CHECK(line["by"] == "app@app#app (cs_id 5)");
  CHECK(line["by_address"] == "10.0.0.1:5");
  CHECK(line["face"] == "sql");
  CHECK(line["verb"] == "kill_session");
  CHECK(line["reason"] == "app");
  CHECK(line["outcome"] == "killed");
  CHECK(line["proxy_sessid"] == "6483098576305681319");
  CHECK(line["user"] == "app");
  CHECK(line["db"] == "app");
  CHECK(line["host"] == "10.0.0.2:6");
  CHECK(line["backend"] == "10.0.0.3:3306");
  CHECK(line["backend_error"].is_null());
  CHECK(line["was_running"] == true);
}

TEST_CASE("whatever bytes names are made of, a line is one JSON object", "[admin][audit_line]") {
  std::mt19937 random(4711);  // NOLINT(cert-msc51-cpp): the same bytes each time
  std::uniform_int_distribution<int> byte(0, 255);
  std::uniform_int_distribution<std::size_t> length(0, 40);
  for (int round = 0; round < 2000; ++round) {
    std::string name(length(random), '\0');
    std::ranges::generate(name, [&] { return static_cast<char>(byte(random)); });
    const auto line = read(audit_line(record_of(name)));
    CHECK(line["number"] == 7);
  }
  const auto kept = read(audit_line(record_of("a\nb\"c\\d\x01")));
  CHECK(kept["user"] == "a\nb\"c\\d\x01");
}

TEST_CASE("the file tells where numbers begin, which are missing, and where they end", "[admin][audit_line]") {
  const auto started = read(audit_started_line());
  CHECK(started["event"] == "started");
  CHECK(started["pid"].is_number());
  CHECK(started["version"].is_string());
  CHECK(read(audit_lost_line(3))["count"] == 3);
  CHECK(read(audit_stopped_line(9))["last_number"] == 9);
}

}  // namespace
}  // namespace sessiongate::admin
