#include "admin/session_variables.hpp"

#include "test/unit/admin/fake_session.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>

namespace sessiongate::admin {
namespace {

using test::fake_options;

class stateful_session : public test::fake_session {
 public:
  stateful_session() : fake_session(fake_options{}) {
    tracking().set_system_variables({{"max_join_size", "5"}, {"sql_mode", std::nullopt}});
    tracking().set_user_variables({{"a", "'x'"}}, 8);
    tracking().set_last_insert_id(7);
  }
};

/// The columns behind the name, by name.
std::map<std::string, std::vector<std::string>> shown(const show_table& asked) {
  const stateful_session target;
  std::map<std::string, std::vector<std::string>> found;
  for (const auto& row : variable_rows(asked, target)) {
    auto& rest = found[std::get<std::string>(row.front())];
    CHECK(rest.empty());
    for (std::size_t at = 1; at < row.size(); ++at) rest.push_back(std::get<std::string>(row[at]));
  }
  return found;
}

const std::vector<std::string> changed_join_size{"5", "changed sys var", "cold modified vars",
                                                 " && global_scope && session_scope"};

TEST_CASE("what a session has set is shown", "[admin][session_variables]") {
  const auto found = shown({.what = listing::variables});
  CHECK(found.size() == 4);
  CHECK(found.at("max_join_size") == changed_join_size);
  CHECK(found.at("sql_mode").front() == "---value is known to the server only---");
  CHECK(found.at("a") == std::vector<std::string>{"'x'", "user var", "", ""});
}

TEST_CASE("ALL without the server's answer is what is known", "[admin][session_variables]") {
  CHECK(shown({.what = listing::variables, .full = true}).size() == 4);
}

TEST_CASE("ALL with the server's answer has every variable, and the server's values", "[admin][session_variables]") {
  auto told = std::make_shared<session::tracked_variables>();
  for (const auto& [name, value] :
       {std::pair{"max_join_size", "5"}, {"port", "3306"}, {"last_insert_id", "6"}, {"sql_mode", "ANSI"}}) {
    session::put_variable(told->system, {.name = name, .value = value, .changed = false}, 8);
  }
  const auto found = shown({.what = listing::variables, .full = true, .server_variables = told});
  CHECK(found.size() == 5);
  CHECK(found.at("last_insert_id").front() == "7");
  CHECK(found.at("max_join_size") == changed_join_size);
  CHECK(found.at("sql_mode").front() == "'ANSI'");
  CHECK(found.at("sql_mode")[1] == "changed sys var");
  CHECK(found.at("port") == std::vector<std::string>{"3306", "sys var", "", ""});
  CHECK(found.contains("a"));
}

}  // namespace
}  // namespace sessiongate::admin
