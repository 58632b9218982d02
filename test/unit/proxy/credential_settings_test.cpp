#include "proxy/credential_settings.hpp"

#include "proxy/configuration.hpp"

using namespace sessiongate::proxy;
using test::contains;

namespace {

struct fixture {
  config target;
  test::variables env;

  cluster_settings& add(std::string name, credentials_mode mode) {
    target.clusters.push_back({.name = std::move(name), .credentials = mode});
    return target.clusters.back();
  }
  std::vector<std::string> settle() {
    std::vector<std::string> errors;
    settle_credentials(
        target,
        [this](const char* name) {
          const auto at = env.find(name);
          return at == env.end() ? nullptr : at->second.c_str();
        },
        errors);
    return errors;
  }
};

using errors = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(fixture, "a cluster without credentials needs nothing, and has no use of a users file") {
  add("", credentials_mode::none);
  CHECK(settle().empty());
  target.clusters.front().users_file = "/no/such/file";
  CHECK(settle() == errors{"--users-file: is for credentials users, and they are none"});
}

TEST_CASE_METHOD(fixture, "users needs a file that can be used") {
  auto& orders = add("orders", credentials_mode::users);
  CHECK(settle() == errors{"cluster \"orders\": users_file: credentials users needs one"});
  orders.users_file = "/no/such/file";
  const auto missing = settle();
  REQUIRE(missing.size() == 1);
  CHECK(missing.front().starts_with("cluster \"orders\": users_file: /no/such/file: "));

  const test::temporary_file good(R"([{"user": "app", "password": "secret"}])");
  orders.users_file = good.path();
  CHECK(settle().empty());
}

TEST_CASE_METHOD(fixture, "everything that is wrong is told, of every cluster, and no password") {
  const test::temporary_file bad(
      R"([{"user": "app", "password": "secret of app", "native_hash": "x"}, {"user": "b"}])");
  add("one", credentials_mode::users).users_file = bad.path();
  add("two", credentials_mode::learn);
  const auto told = settle();
  REQUIRE(told.size() == 3);
  CHECK(contains(told[0], "cluster \"one\": users_file: "));
  CHECK(contains(told[1], "cluster \"one\": users_file: "));
  CHECK(told[2] == "cluster \"two\": credentials: learn needs a control account, or --learn-passwords on");
  for (const auto& each : told) CHECK_FALSE(contains(each, "secret of app"));
}

TEST_CASE_METHOD(fixture, "learn needs one of the two ways of learning") {
  auto& only = add("", credentials_mode::learn);
  CHECK(settle() == errors{"--credentials: learn needs a control account, or --learn-passwords on"});
  SECTION("a control account, to read what the backend stores") {
    only.control_user = "control";
  }
  SECTION("passwords that are kept") {
    target.learn_passwords = true;
  }
  CHECK(settle().empty());
}

TEST_CASE_METHOD(fixture, "variables are taken up that a users file names, and no others") {
  const test::temporary_file file(R"([{"user": "app", "password_env": "APP_PASSWORD"}])");
  add("orders", credentials_mode::users).users_file = file.path();
  CHECK(settle().size() == 1);  // it is not set
  CHECK(target.user_passwords.empty());
  env = {{"APP_PASSWORD", "secret"}, {"OTHER_PASSWORD", "of somebody else"}};
  CHECK(settle().empty());
  REQUIRE(target.user_passwords.size() == 1);
  CHECK(target.user_passwords.begin()->first == "APP_PASSWORD");
  CHECK(target.user_passwords.begin()->second == "secret");
}
