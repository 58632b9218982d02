#include "proxy/ctl_request.hpp"

#include "proxy/ctl.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace sessiongate;
using namespace sessiongate::proxy;

namespace {

std::string describe(const std::vector<std::string>& words,
                     const std::vector<std::pair<std::string, std::string>>& parameters = {}) {
  const auto made = make_ctl_request(words, parameters);
  if (const auto* wrong = std::get_if<std::string>(&made)) return *wrong;
  const auto& request = std::get<ctl_request>(made);
  return request.method + ' ' + request.target + (request.body.empty() ? "" : ' ' + request.body);
}

}  // namespace

TEST_CASE("the words of a command become its request") {
  CHECK(describe({"sessions"}) == "GET /v1/sessions");
  CHECK(describe({"show", "5"}) == "GET /v1/sessions/5");
  CHECK(describe({"kill", "5"}) == "DELETE /v1/sessions/5");
  CHECK(describe({"kill", "5", "16"}) == "DELETE /v1/sessions/5/server-sessions/16");
  CHECK(describe({"kill", "connection_id:5@[::1]:3306"}, {{"reason", "a b"}}) ==
        "DELETE /v1/sessions/connection_id%3A5%40%5B%3A%3A1%5D%3A3306?reason=a%20b");
  CHECK(describe({"kill-query", "-1"}) == "POST /v1/sessions/-1/kill-query");
  CHECK(describe({"config", "set", "kill-timeout", "10s"}) == R"(PUT /v1/config/kill-timeout {"value":"10s"})");
  CHECK(describe({"kill-where", "user = 'x'"}, {{"dry_run", "true"}, {"max", "5"}, {"reason", "true"}}) ==
        R"(POST /v1/kill {"dry_run":true,"filter":"user = 'x'","max":5,"reason":"true"})");
  CHECK(describe({"kill-where", "a = 1"}, {{"filter", "b = 2"}, {"limit", "x"}}) ==
        R"(POST /v1/kill {"filter":"a = 1\nAND b = 2","limit":"x"})");
  CHECK(describe({"sessions"}, {{"filter", "User = 'a&b'"}, {"limit", "5"}}) ==
        "GET /v1/sessions?filter=User%20%3D%20%27a%26b%27&limit=5");
  CHECK(describe({"show", "../x?y"}) == "GET /v1/sessions/..%2Fx%3Fy");
  CHECK(describe({"nonsense"}) == "there is no command 'nonsense'");
  CHECK(describe({"kill"}) == "there is no command 'kill'");
}

TEST_CASE("every command of the table can be given by its words") {
  for (const auto& each : admin::command_table()) {
    std::istringstream in{std::string(each.ctl)};
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word.starts_with('{') ? "5" : word);
    CAPTURE(each.name);
    CHECK(describe(words).starts_with(std::string(each.method) + " /v1/"));
    CHECK(ctl_help().find(each.ctl) != std::string::npos);
  }
}

TEST_CASE("wrong usage is told without asking the proxy") {
  std::ostringstream out;
  std::ostringstream errors;
  const auto none = [](const char*) -> const char* { return nullptr; };
  const char* const nothing[] = {"ctl"};
  CHECK(run_ctl(1, nothing, none, out, errors) == 2);
  const char* const unknown[] = {"ctl", "nonsense"};
  CHECK(run_ctl(2, unknown, none, out, errors) == 2);
  CHECK(errors.str().find("there is no command 'nonsense'") != std::string::npos);
  const char* const help[] = {"ctl", "--help"};
  CHECK(run_ctl(2, help, none, out, errors) == 0);
  CHECK(out.str().find("kill-query {id}") != std::string::npos);
}
