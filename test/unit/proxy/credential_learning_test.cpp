#include "proxy/credential_learning.hpp"

#include "proxy/gateway.hpp"
#include "proxy/password.hpp"
#include "proxy/scripted_backend.hpp"

#include <fmt/format.h>

using namespace sessiongate;
using namespace sessiongate::proxy;
using protocol::as_text;
using source = credential_view::source;
using test::error_answer;
using test::rows_answer;

namespace {

constexpr auto hashes = "SELECT";
constexpr std::string_view nonce = "01234567890123456789";

/// As a server stores it: `*` and the two hashes, in hexadecimal.
std::string stored(std::string_view password) {
  std::string text = "*";
  for (const auto each : native_hash(as_text(native_hash(password)))) text += fmt::format("{:02X}", each);
  return text;
}

struct fixture {
  fixture() {
    target->learn(*protocol::parse_greeting(test::scripted_backend::hello()));
    learning.start();
  }
  ~fixture() {
    learning.stop();
    owner.control(*target).stop();
    backend.stop();
    on.context.restart();
    on.context.poll();
  }
  fixture(const fixture&) = delete;
  fixture& operator=(const fixture&) = delete;

  std::shared_ptr<const session_credential> log_in(const std::string& user, std::string_view password) {
    auto told = std::make_unique<login_evidence>();
    told->plugin = told->proved_by = "mysql_native_password";
    told->nonce = nonce;
    told->proof = to_secret(protocol::as_bytes(native_password_response(password, nonce)));
    return owner.credentials().note_login(user, std::move(told), target);
  }
  void run_until_settled(const session_credential& login) {
    test::run_until(on.context, [&] { return login.view().from != source::learning; });
  }

  test::reactor on;
  test::scripted_backend backend{on.context};
  gateway shared{settings(), on.sockets};
  cluster& owner = *shared.clusters.all().front();
  backend_ptr target = owner.backends().front();
  credential_learning learning{on.context, owner};

 private:
  [[nodiscard]] config settings() const {
    config read;
    read.clusters = {{.backends = {{.address = backend.address()}},
                      .credentials = credentials_mode::learn,
                      .control_user = "control"}};
    return read;
  }
};

}  // namespace

TEST_CASE_METHOD(fixture, "credential learning: what the backend stores settles the login") {
  backend.answers[hashes] = rows_answer(1, {{stored("of another host")}, {stored("secret")}});
  const auto login = log_in("app", "secret");
  REQUIRE(login);
  CHECK(login->view().from == source::learning);
  run_until_settled(*login);
  REQUIRE(login->view().from == source::learned);
  CHECK(login->view().known->is_of("secret"));
  CHECK_THAT(backend.asked.back(), Catch::Contains("X'617070'"));
}

TEST_CASE_METHOD(fixture, "credential learning: it wakes for what is wanted while it sleeps, one account at a time") {
  on.context.poll();
  backend.answers[hashes] = rows_answer(1, {{stored("secret")}});
  const auto one = log_in("app", "secret");
  run_until_settled(*one);
  const auto two = log_in("batch", "secret");
  run_until_settled(*two);
  CHECK(two->view().from == source::learned);
  CHECK(backend.connections == 1);  // the control account's, which is kept
}

TEST_CASE_METHOD(fixture, "credential learning: an answer without the password leaves nothing to wait for") {
  SECTION("it has another") {
    backend.answers[hashes] = rows_answer(1, {{stored("other")}});
  }
  SECTION("it has none") {
    backend.answers[hashes] = rows_answer(1, {});
  }
  SECTION("it has what is no hash") {
    backend.answers[hashes] = rows_answer(1, {{"*0123"}});
  }
  SECTION("it is no result set") {
    backend.answers[hashes] = test::ok_answer();
  }
  const auto login = log_in("app", "secret");
  run_until_settled(*login);
  CHECK(login->view().from == source::none);
  CHECK_THAT(login->view().why, Catch::Contains("has no password of 'app'"));
  CHECK_FALSE(owner.credentials().learned().wanted());
}

TEST_CASE_METHOD(fixture, "credential learning: what cannot be read is told with its reason, and asked for again") {
  std::string why;
  SECTION("the account may not") {
    backend.answers[hashes] = error_answer(1142, "SELECT command denied");
    why = "the control account cannot read mysql.global_priv: 1142 SELECT command denied";
  }
  SECTION("it may not log in") {
    backend.verdict = error_answer(1045, "Access denied", 2);
    why = "the control account cannot read mysql.global_priv: 1045 Access denied";
  }
  SECTION("the connection is lost") {
    backend.answers[hashes].clear();
    why = "the control account cannot read mysql.global_priv: 2013 the backend closed the connection";
  }
  const auto login = log_in("app", "secret");
  run_until_settled(*login);
  CHECK(login->view().from == source::none);
  CHECK(login->view().why == why);
  CHECK(owner.credentials().learned().wanted());
  CHECK(owner.credentials().counted().failed_reads() == 1);
}

TEST_CASE_METHOD(fixture, "credential learning: a failure with one account holds up no other") {
  backend.answers[hashes] = error_answer(1142, "denied");
  const auto one = log_in("app", "secret");
  run_until_settled(*one);
  backend.answers[hashes] = rows_answer(1, {{stored("secret")}});
  const auto two = log_in("batch", "secret");
  run_until_settled(*two);
  CHECK(two->view().from == source::learned);
  CHECK(one->view().from == source::none);
}
