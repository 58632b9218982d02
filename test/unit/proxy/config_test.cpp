#include "proxy/config.hpp"

#include "proxy/configuration.hpp"
#include "proxy/settings.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace sessiongate::proxy;
using test::bad;
using test::contains;
using test::good;
using test::read_with_backend;
using test::temporary_file;

namespace {

std::string cluster_named(std::string_view name) {
  return fmt::format(R"([{{"name":"{}","backends":["127.0.0.1:3306"]}}])", name);
}

/// Three values for a setting, all good, none of them its default.
std::vector<std::string> three_values(const setting& of) {
  const std::vector<std::vector<std::string>> candidates{
      {"127.0.0.1:4001", "127.0.0.1:4002", "127.0.0.1:4003"},
      {"4s", "5s", "6s"},
      {"5001", "5002", "5003"},
      {"101", "102", "103"},
      {"2000001", "2000002", "2000003"},
      {"trace", "debug", "error"},
      {"json", "text", "json"},
      {"required", "preferred", "required"},
      {"optional", "required", "optional"},
      {"1.3", "1.2", "1.3"},
      {"zlib", "zstd", "zlib"},
      {"7", "8", "9"},
      {"on", "off", "on"},
      {"reported", "off", "reported"},
      {"v1", "v2", "v1"},
      {"600", "640", "644"},
      {"/run/one", "/run/two", "/run/three"},
      {"10.0.0.0/8", "::1", "localhost"},
      {"10.0.0.1", "10.0.0.2", "10.0.0.3"},
      {"proxy", "backend", "proxy"},
      {"weight", "failover", "weight"},
      {"learn", "none", "learn"},
      {"planned", "off", "planned"},
      {cluster_named("one"), cluster_named("two"), cluster_named("three")},
      {R"([{"user":"one"}])", R"([{"user":"two"}])", R"([{"user":"three"}])"},
      {"one", "two", "three"},
  };
  for (const auto& values : candidates) {
    config scratch;
    if (std::ranges::all_of(values, [&](const auto& each) { return of.assign(scratch, each).empty(); })) return values;
  }
  FAIL("no values known for " << of.name);
  return {};
}

/// Files that hold a secret have to be there: any setting that names one names this.
std::vector<std::string> values_for(const setting& of, const std::vector<std::string>& files) {
  if (of.name == "default-cluster") return {"one", "two", "three"};
  if (of.name == "users-file") return {files.begin() + 3, files.end()};
  return of.name.ends_with("-file") ? files : three_values(of);
}

std::string shown(const setting& of, const std::string& value) {
  config target;
  REQUIRE(of.assign(target, value).empty());
  return of.show(target);
}

constexpr auto three_clusters = R"([{"name":"one","backends":["127.0.0.1:1"]},
  {"name":"two","backends":["127.0.0.1:2"]}, {"name":"three","backends":["127.0.0.1:3"]}])";

/// And three of users.
struct three_files {
  temporary_file one{"name viewer s1"};  // as a file of tokens has it; for other secrets it is just some text
  temporary_file two{"name viewer s2"};
  temporary_file three{"name viewer s3"};
  temporary_file no_users{"[]"};
  temporary_file one_user{R"([{"user": "one", "password": "s1"}])"};
  temporary_file two_users{R"([{"user": "one", "password": "s1"}, {"user": "two", "password": "s2"}])"};
  std::vector<std::string> paths{one.path(),      two.path(),      three.path(),
                                 no_users.path(), one_user.path(), two_users.path()};
};

}  // namespace

TEST_CASE("a backend is all that has to be given") {
  const auto settings = good(test::read({"--backend", "127.0.0.1:3306"}));
  CHECK(settings.clusters.front().backends.front().address.text() == "127.0.0.1:3306");
  CHECK(settings.listen.text() == "0.0.0.0:2883");
  CHECK(settings.admin_listen.text() == "127.0.0.1:2884");
  CHECK(settings.admin_token.empty());
  CHECK_FALSE(settings.proxysys_password);
  CHECK(contains(bad(test::read({})), "--backend: required"));
}

TEST_CASE("every setting can be given by flag, variable and file, in this order of precedence") {
  const three_files files;
  for (const auto& each : settings()) {
    INFO(each.name);
    const auto values = values_for(each, files.paths);
    const temporary_file file(nlohmann::json{{file_key(each.name), values[0]}}.dump());
    std::vector<std::string> arguments{"--config", file.path(), "--control-user", "control"};
    if (each.name == "control-user" || each.name == "clusters") arguments.resize(2);
    if (each.name == "users-file") arguments.insert(arguments.end(), {"--credentials", "users"});
    // Files of TLS are read only where TLS is on.
    if (each.name == "client-tls") arguments.insert(arguments.end(), {"--client-tls-cert", "auto"});
    if (each.name != "client-tls") arguments.insert(arguments.end(), {"--client-tls", "disabled"});
    test::variables env;
    const auto read = [&] {
      if (each.name == "backend" || each.name == "clusters") return good(test::read(arguments, env));
      if (each.name == "default-cluster") {
        env["SESSIONGATE_CLUSTERS"] = three_clusters;
        return good(test::read(arguments, env));
      }
      env["SESSIONGATE_BACKEND"] = "127.0.0.1:3306";
      return good(test::read(arguments, env));
    };
    CHECK(each.show(read()) == shown(each, values[0]));
    env[environment_name(each.name)] = values[1];
    CHECK(each.show(read()) == shown(each, values[1]));
    arguments.insert(arguments.end(), {fmt::format("--{}", each.name), values[2]});
    CHECK(each.show(read()) == shown(each, values[2]));
  }
}

TEST_CASE("the file itself is named by a flag or a variable") {
  const temporary_file one(R"({"cluster": "one"})");
  const temporary_file two(R"({"cluster": "two"})");
  const test::variables env{{"SESSIONGATE_CONFIG", one.path()}};
  CHECK(good(read_with_backend({}, env)).cluster == "one");
  CHECK(good(read_with_backend({"--config", two.path()}, env)).cluster == "two");
  CHECK(good(read_with_backend({"--config", two.path()}, env)).config_file == two.path());
}

TEST_CASE("a file may have comments, numbers and lists") {
  const temporary_file file(R"({
    // what it is for
    "cluster": "obdemo", /* and more */
    "workers": 3,
    "operators": ["root", "dba"],
    "kill_timeout": "500ms"
  })");
  const auto settings = good(read_with_backend({"--config", file.path()}));
  CHECK(settings.cluster == "obdemo");
  CHECK(settings.workers == 3);
  REQUIRE(settings.operators.size() == 2);
  CHECK(settings.operators[1].user == "dba");
  CHECK(settings.kill_timeout == milliseconds(500));
}

TEST_CASE("all errors are told at once, each with its place") {
  const temporary_file file(
      R"({"workers": -5, "wrokers": 4, "cluster": true, "log-level": "info", "log_format": 1.5})");
  const auto errors =
      bad(test::read({"--config", file.path(), "--listen", "nowhere"}, {{"SESSIONGATE_KILL_TIMEOUT", "soon"}}));
  CHECK(contains(errors, file.path() + ": \"workers\": must be a number from 0 to 1024 (given: -5)"));
  CHECK(contains(errors, file.path() + ": unknown setting \"wrokers\""));
  CHECK(contains(errors, file.path() + ": unknown setting \"log-level\""));
  CHECK(contains(errors, file.path() + ": \"cluster\" must be a string, a number or a list"));
  CHECK(contains(errors, file.path() + ": \"log_format\" must be a string, a number or a list"));
  CHECK(contains(errors, "--listen: must be HOST:PORT or unix:/PATH (given: nowhere)"));
  CHECK(contains(errors, "SESSIONGATE_KILL_TIMEOUT: must be a duration: 500ms, 10s or 2m (given: soon)"));
  CHECK(contains(errors, "--backend: required"));
  CHECK(std::ranges::count(errors, '\n') == 9);  // these eight, and where to look
}

TEST_CASE("a value that a stronger place overrides is not looked at") {
  const test::variables env{{"SESSIONGATE_WORKERS", "many"}};
  CHECK(good(read_with_backend({"--workers", "2"}, env)).workers == 2);
}

TEST_CASE("a file that cannot be read") {
  CHECK(contains(bad(read_with_backend({"--config", "/nonexistent/file"})), "--config: cannot read /nonexistent/file"));
  const temporary_file list("[]");
  CHECK(contains(bad(read_with_backend({"--config", list.path()})), list.path() + ": is not a JSON object"));
  for (const auto* content :
       {"{\n  \"cluster\": \"one\"\n  \"workers\": 1\n}", "{\n\n  oops }", "{\n\n  \"a\": \xff}"}) {
    const temporary_file broken(content);
    INFO(content);
    CHECK(contains(bad(read_with_backend({"--config", broken.path()})), broken.path() + ": line 3: is not JSON"));
  }
  const temporary_file empty("");
  CHECK(contains(bad(read_with_backend({"--config", empty.path()})), empty.path() + ": line 1: is not JSON"));
}

TEST_CASE("unknown flags and flags without a value are errors") {
  CHECK(contains(bad(read_with_backend({"--wrokers", "4"})), "--wrokers"));
  CHECK(contains(bad(read_with_backend({"extra"})), "extra"));
  CHECK(contains(bad(test::read({"--backend"})), "--backend"));
}

TEST_CASE("secrets come from files, without the line end, or from the environment") {
  const temporary_file token("tok en\r\n");
  const temporary_file password("pass\nword\n\n");
  const auto from_files =
      good(read_with_backend({"--admin-token-file", token.path(), "--proxysys-password-file", password.path(),
                              "--control-user", "control", "--control-password-file", password.path()},
                             {{"SESSIONGATE_ADMIN_TOKEN", "not this"}}));
  CHECK(from_files.admin_token == "tok en");
  CHECK(from_files.proxysys_password == "pass\nword");
  CHECK(from_files.control_password == "pass\nword");

  const auto from_environment =
      good(read_with_backend({"--control-user", "control"}, {{"SESSIONGATE_ADMIN_TOKEN", "t"},
                                                             {"SESSIONGATE_PROXYSYS_PASSWORD", "p"},
                                                             {"SESSIONGATE_CONTROL_PASSWORD", "c"}}));
  CHECK(from_environment.admin_token == "t");
  CHECK(from_environment.proxysys_password == "p");
  CHECK(from_environment.control_password == "c");
}

TEST_CASE("an empty secret is none, and an empty file an error") {
  const test::variables empty{{"SESSIONGATE_ADMIN_TOKEN", ""}, {"SESSIONGATE_PROXYSYS_PASSWORD", ""}};
  CHECK(good(read_with_backend({}, empty)).admin_token.empty());
  CHECK_FALSE(good(read_with_backend({}, empty)).proxysys_password);
  const temporary_file nothing("\n");
  for (const auto* flag : {"--admin-token-file", "--proxysys-password-file"}) {
    CHECK(
        contains(bad(read_with_backend({flag, nothing.path()})), fmt::format("{}: {} is empty", flag, nothing.path())));
    CHECK(contains(bad(read_with_backend({flag, "/nonexistent"})), fmt::format("{}: cannot read /nonexistent", flag)));
  }
}

TEST_CASE("a control password needs a control user") {
  const temporary_file password("c");
  const auto errors = bad(read_with_backend({"--control-password-file", password.path()}));
  CHECK(contains(errors, "--control-password-file: needs --control-user"));
}

TEST_CASE("--print-config shows the settings in force, secrets masked") {
  const temporary_file token("the-token");
  const auto asked = read_with_backend({"--print-config", "--admin-token-file", token.path(), "--cluster", "obdemo"},
                                       {{"SESSIONGATE_PROXYSYS_PASSWORD", "the-password"}});
  REQUIRE(asked.next == invocation::action::exit);
  CHECK(asked.exit_code == 0);
  CHECK_FALSE(contains(asked.output, "the-token"));
  CHECK_FALSE(contains(asked.output, "the-password"));
  const auto shown = nlohmann::json::parse(asked.output);
  CHECK(shown.at("cluster") == "obdemo");
  CHECK(shown.at("listen") == "0.0.0.0:2883");
  CHECK(shown.at("admin_token_file") == token.path());
  CHECK(shown.at("secrets").at("admin_token") == "********");
  CHECK(shown.at("secrets").at("proxysys_password") == "********");
  CHECK(shown.at("secrets").at("control_password") == "");
  for (const auto& each : settings()) CHECK(shown.contains(file_key(each.name)));
}

TEST_CASE("--print-config shows names that are no UTF-8 without stumbling") {
  const auto asked = read_with_backend({"--print-config", "--cluster", "c\xff"});
  CHECK(nlohmann::json::parse(asked.output).at("cluster") == "c\xef\xbf\xbd");
}

TEST_CASE("--check tells whether the configuration is good, and starts nothing") {
  const auto asked = read_with_backend({"--check"});
  CHECK(asked.next == invocation::action::exit);
  CHECK(asked.exit_code == 0);
  CHECK(contains(asked.output, "good"));
  CHECK(contains(bad(test::read({"--check"})), "--backend: required"));
}

TEST_CASE("--version and --help answer whatever else is given") {
  const auto version = test::read({"--version"});
  CHECK(version.next == invocation::action::exit);
  CHECK(version.exit_code == 0);
  CHECK(version.output.starts_with("sessiongate "));
  CHECK(std::ranges::count(version.output, '\n') == 1);

  const auto help = test::read({"--help", "--listen", "nowhere"});
  CHECK(help.next == invocation::action::exit);
  CHECK(help.exit_code == 0);
  for (const auto& each : settings()) {
    INFO(each.name);
    CHECK(contains(help.output, fmt::format("--{} ", each.name)));
    CHECK(contains(help.output, environment_name(each.name)));
  }
}
