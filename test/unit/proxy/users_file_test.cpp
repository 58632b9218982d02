#include "proxy/users_file.hpp"

#include "proxy/configuration.hpp"
#include "proxy/password.hpp"
#include "proxy/temporary_directory.hpp"

#include <sys/stat.h>
#include <filesystem>
#include <fstream>

using namespace sessiongate::proxy;
using test::contains;

namespace {

struct fixture {
  test::temporary_directory directory;
  secret_variables_map variables;
  std::vector<std::string> errors;

  std::string write(std::string_view name, std::string_view content) const {
    const auto path = directory.path(name);
    std::ofstream(path, std::ios::binary) << content;
    ::chmod(path.c_str(), 0600);
    return path;
  }
  users_list read(std::string_view content) { return read_users(write("users", content), variables, errors); }
  users_list good(std::string_view content) {
    auto list = read(content);
    INFO((errors.empty() ? std::string() : errors.front()));
    REQUIRE(errors.empty());
    return list;
  }
  std::string bad(std::string_view content) {
    errors.clear();
    read(content);
    REQUIRE(errors.size() == 1);
    CHECK(contains(errors.front(), directory.path("users")));
    return errors.front();
  }
};

}  // namespace

TEST_CASE_METHOD(fixture, "a file names users with their passwords, where each comes from") {
  write("of_batch", "line end is none of it\r\n");
  variables.emplace("ORDERS_APP", secret_text("of the variable"));
  const auto list = good(R"([
    // comments are allowed
    {"user": "app", "password": "p\u00e4ss \"word\""},
    {"user": "empty", "password": ""},
    {"user": "batch", "password_file": "of_batch"},
    {"user": "absolute", "password_file": ")" +
                         directory.path("of_batch") + R"("},
    {"user": "web", "password_env": "ORDERS_APP"},
    {"user": "hashed", "native_hash": "E5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4"}
  ])");
  REQUIRE(list.accounts.size() == 6);
  CHECK(list.accounts.at("app")->is_of("p\xc3\xa4ss \"word\""));
  CHECK(list.accounts.at("empty")->is_of(""));
  CHECK(list.accounts.at("batch")->is_of("line end is none of it"));
  CHECK(list.accounts.at("absolute")->is_of("line end is none of it"));
  CHECK(list.accounts.at("web")->is_of("of the variable"));
  CHECK(list.accounts.at("hashed")->is_of("secret"));
  CHECK_FALSE(list.accounts.at("hashed")->why_not("caching_sha2_password", link_kind::encrypted).empty());
  CHECK(list.files.size() == 3);
  CHECK(list.open_ones.empty());
}

TEST_CASE_METHOD(fixture, "an empty list is a list") {
  CHECK(good("[]").accounts.empty());
}

TEST_CASE_METHOD(fixture, "what is wrong is told by its place and without a password") {
  struct wrong {
    std::string_view content;
    std::string_view told;
  };
  const std::array all{
      wrong{"", "line 1: is not JSON"},
      wrong{"[\n{\"user\": \"app\", \"password\": \"very secret\" oops}]", "line 2: is not JSON"},
      wrong{"{}", "is not a list"},
      wrong{"[\"app\"]", "entry 1: is not an object"},
      wrong{R"([{"user": "a", "password": ""}, {"password": "very secret"}])", "entry 2: has no user"},
      wrong{R"([{"user": "", "password": "very secret"}])", "entry 1: has no user"},
      wrong{R"([{"user": "app"}])", "has none of password"},
      wrong{R"([{"user": "app", "password": "very secret", "password_env": "X"}])", "more than one"},
      wrong{R"([{"user": "app", "passwort": "very secret"}])", "unknown key \"passwort\""},
      wrong{R"([{"user": "app", "password": 17}])", "\"password\" must be a string"},
      wrong{R"([{"user": "app", "password": "very secret"}, {"user": "app", "password": "x"}])",
            "'app' is there twice"},
      wrong{R"([{"user": "app", "password_file": "no-such-file"}])", "no-such-file cannot be read"},
      wrong{R"([{"user": "app", "password_env": "NOT_THERE"}])", "NOT_THERE was not set"},
      wrong{R"([{"user": "app", "native_hash": "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7"}])", "cannot log in"},
      wrong{R"([{"user": "app", "native_hash": "14E65567"}])", "40 hexadecimal digits"},
      wrong{R"([{"user": "app", "native_hash": "14E65567ABDB5135D0CFD9A70B3032C179A49EEx"}])", "40 hexadecimal"},
  };
  for (const auto& each : all) {
    INFO(each.content);
    const auto told = bad(each.content);
    CHECK(contains(told, each.told));
    CHECK_FALSE(contains(told, "very secret"));
  }
}

TEST_CASE_METHOD(fixture, "a file that is not there is an error") {
  read_users(directory.path("none"), variables, errors);
  REQUIRE(errors.size() == 1);
  CHECK(contains(errors.front(), "cannot be read"));
}

TEST_CASE_METHOD(fixture, "a directory has a file for each user, behind the links that Kubernetes makes") {
  namespace filesystem = std::filesystem;
  const filesystem::path mounted = directory.path("mounted");
  filesystem::create_directories(mounted / "..2026_11_28");
  filesystem::create_symlink("..2026_11_28", mounted / "..data");
  for (const auto* user : {"app", "batch"}) {
    std::ofstream(mounted / "..data" / user) << "secret of " << user << '\n';
    filesystem::create_symlink(std::string("..data/") + user, mounted / user);
  }
  filesystem::create_directory(mounted / "no user");
  const auto list = read_users(mounted.string(), variables, errors);
  CHECK(errors.empty());
  REQUIRE(list.accounts.size() == 2);
  CHECK(list.accounts.at("app")->is_of("secret of app"));
  CHECK(list.accounts.at("batch")->is_of("secret of batch"));
  CHECK(list.files.size() == 3);
}

TEST_CASE_METHOD(fixture, "files that all may read are told") {
  const auto path = write("users", "[]");
  ::chmod(path.c_str(), 0644);
  CHECK(read_users(path, variables, errors).open_ones == std::vector{path});
}

TEST_CASE_METHOD(fixture, "the variables that a file names") {
  const auto path = write("users", R"([{"user": "a", "password_env": "ONE"}, {"user": "b", "password": "x"}, 5,
                                       {"user": "c", "password_env": "TWO"}, {"user": "d", "password_env": 3}])");
  CHECK(variables_named_in(path) == std::vector<std::string>{"ONE", "TWO"});
  CHECK(variables_named_in(write("users", "no list")).empty());
  CHECK(variables_named_in(directory.path("none")).empty());
  CHECK(variables_named_in(directory.path(".")).empty());
}
