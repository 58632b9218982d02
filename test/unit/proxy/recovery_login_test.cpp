#include "proxy/recovery_login.hpp"

#include "proxy/scripted_backend.hpp"
#include "proxy/temporary_directory.hpp"

#include "protocol/auth_packets.hpp"

#include <sys/socket.h>
#include <array>
#include <chrono>
#include <memory>

using namespace sessiongate;
using namespace sessiongate::proxy;
using namespace std::chrono_literals;
using session::recovery_obstacle;
using test::error_answer;
using test::ok_answer;
using test::packet_of;
using test::scripted_backend;

namespace {

const session::endpoint any_port{"127.0.0.1", 0};
constexpr auto in_transaction = protocol::status_autocommit | protocol::status_in_transaction;

/// A client session in the database `shop`, of an account without a password, that has no server session.
struct fixture {
  explicit fixture(bool is_local = false)
      : first(home.poller().context(), is_local ? session::endpoint{directory.path("first"), 0} : any_port) {
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, client.data()) == 0);
    lost = std::make_shared<client_connection>(shared, home, client[0], shared.ids.next_client_session(),
                                               session::endpoint{"10.0.0.1", 40000},
                                               std::move(*shared.entrance.connections.enter()));
    REQUIRE(shared.sessions.add(lost));
    session::identity who;
    who.user = "app";
    lost->logged_in(std::move(who), "shop");
    login.flags = scripted_backend::capabilities | protocol::client_connect_with_db;
    login.user = "app";
    login.database = "elsewhere";
    learn();
  }
  ~fixture() {
    lost->end({session::stop_reason::client_gone, {}});
    lost.reset();
    ::close(client[1]);
    first.stop();
    second.stop();
    home.poller().context().restart();
    home.poller().context().poll();
  }
  fixture(const fixture&) = delete;
  fixture& operator=(const fixture&) = delete;

  void learn(protocol::bytes_view proof = {}) {
    auto told = std::make_unique<login_evidence>();
    told->plugin = told->proved_by = "mysql_native_password";
    told->proof = to_secret(proof);
    told->nonce = "01234567890123456789";
    lost->note_login(std::move(told));
  }

  void start() {
    boost::asio::co_spawn(home.poller().context(), log_in_again(*lost, login, login.flags, worker::clock::now() + 30s),
                          [this](const std::exception_ptr& thrown, auto how) {
                            REQUIRE_FALSE(thrown);
                            done.emplace(std::move(how));
                          });
  }
  template <class Condition>
  void run_until(Condition condition) {
    test::run_until(home.poller().context(), condition);
  }
  void run() {
    if (!done) start();
    run_until([this] { return done.has_value(); });
  }
  /// What is not worth a second attempt, and is told of the first.
  recovery_failure fail() {
    run();
    REQUIRE(std::holds_alternative<recovery_failure>(*done));
    CHECK(first.connections <= 1);
    CHECK(second.connections == 0);
    CHECK(lost->bound() == nullptr);
    return std::get<recovery_failure>(*done);
  }
  void check_made() {
    run();
    REQUIRE(std::holds_alternative<recovery_start>(*done));
    CHECK(lost->bound() != nullptr);
    CHECK(std::get<recovery_start>(*done).made.status == in_transaction);
  }

  worker home{4096, 0us};
  test::temporary_directory directory;
  scripted_backend first;
  scripted_backend second{home.poller().context()};
  gateway shared{settings(), home.poller()};
  std::array<int, 2> client{};
  std::shared_ptr<client_connection> lost;
  protocol::handshake_response login;
  std::optional<std::variant<recovery_failure, recovery_start>> done;

 private:
  [[nodiscard]] config settings() {
    first.verdict = second.verdict = ok_answer(in_transaction, 2);
    first.greeting = second.greeting = packet_of(scripted_backend::hello(all), 0);
    config read;
    read.clusters = {{.backends = {{.address = first.address()}, {.address = second.address()}},
                      .credentials = credentials_mode::learn}};
    read.tracking = session_tracking::off;
    return read;
  }

 protected:
  static constexpr auto all =
      scripted_backend::capabilities | protocol::client_connect_with_db | protocol::client_transactions;
};

struct local_fixture : fixture {
  local_fixture() : fixture(true) {}
};

}  // namespace

TEST_CASE_METHOD(fixture, "recovery login: the account logs in again, and into the database where the session is") {
  check_made();
  CHECK(second.connections == 0);
  REQUIRE(first.logins.size() == 1);
  const auto sent = protocol::parse_handshake_response(protocol::as_bytes(first.logins.front()));
  REQUIRE(sent.has_value());
  CHECK(sent->user == "app");
  CHECK(sent->database == "shop");
  CHECK(lost->bound()->connection_id() == 7);
}

TEST_CASE_METHOD(fixture, "recovery login: a session that is in no database names none") {
  lost->publish_database({});
  check_made();
  const auto sent = protocol::parse_handshake_response(protocol::as_bytes(first.logins.at(0)));
  REQUIRE(sent.has_value());
  CHECK_FALSE(protocol::has(sent->flags, protocol::client_connect_with_db));
}

TEST_CASE_METHOD(fixture, "recovery login: what no other backend would make better ends it at once") {
  SECTION("the password is wrong") {
    first.verdict = error_answer(1045, "Access denied", 2);
    const auto failed = fail();
    CHECK(failed.obstacle == recovery_obstacle::credentials_refused);
    CHECK(failed.detail == "1045 Access denied");
    CHECK(lost->login_credential().known == nullptr);  // nobody uses it again
  }
  SECTION("the account may not enter the database, or it is gone") {
    first.verdict = error_answer(GENERATE(std::uint16_t{1044}, std::uint16_t{1049}), "no", 2);
    CHECK(fail().obstacle == recovery_obstacle::replay_refused);
    CHECK(lost->login_credential().known != nullptr);
  }
  SECTION("the server wants what there is not") {
    protocol::bytes payload;
    protocol::write_auth_switch_request(payload, {"auth_gssapi_client", "x"});
    first.verdict = packet_of(payload, 2);
    CHECK(fail().obstacle == recovery_obstacle::no_credentials);
  }
  SECTION("the server asks what nobody understands") {
    first.verdict = packet_of(protocol::bytes{0x42, 0x42}, 2);
    CHECK(fail().obstacle == recovery_obstacle::no_credentials);
  }
  SECTION("the server cannot do what the client was promised") {
    login.flags |= protocol::client_transactions;
    first.greeting = packet_of(scripted_backend::hello(), 0);
    CHECK(fail().obstacle == recovery_obstacle::server_differs);
    CHECK(first.logins.empty());
  }
  SECTION("there is nothing to log in with") {
    learn(protocol::bytes(20, 1));  // and no control account to read the rest
    CHECK(fail().obstacle == recovery_obstacle::no_credentials);
    CHECK(first.connections == 0);
  }
}

TEST_CASE_METHOD(fixture, "recovery login: it goes on where another backend may do") {
  SECTION("nobody listens") {
    first.stop();
  }
  SECTION("it is full") {
    first.greeting = error_answer(1040, "Too many connections", 0);
  }
  SECTION("the account has all that it may have") {
    first.verdict = error_answer(1226, "max_user_connections", 2);
  }
  SECTION("it closes in place of a greeting") {
    first.greeting.clear();
  }
  SECTION("it closes in the middle of the login") {
    first.verdict.clear();
  }
  SECTION("it does not speak the protocol") {
    first.greeting = packet_of(protocol::as_bytes("SSH-2.0"), 0);
  }
  SECTION("it lets in with an OK that cannot be read") {
    first.verdict = packet_of(protocol::bytes{0}, 2);
  }
  SECTION("its number is another session's") {
    first.greeting = packet_of(scripted_backend::hello(all, lost->cs_id()), 0);
  }
  check_made();
  CHECK(lost->server() == lost->cluster().backends().back());
  CHECK(second.connections == 1);
}

/// What is closed on a Unix socket is known at once to who writes there.
TEST_CASE_METHOD(local_fixture, "recovery login: it goes on when a backend closes before the login can be sent") {
  first.leaves = true;
  check_made();
  CHECK(lost->cluster().backends().front()->counted().connections() == 1);
  CHECK(second.connections == 1);
}

TEST_CASE_METHOD(fixture, "recovery login: while none can be reached it is tried again") {
  first.verdict.clear();
  second.greeting.clear();
  start();
  run_until([this] { return first.connections >= 2 && second.connections >= 2; });
  second.greeting = first.greeting;
  check_made();
}

TEST_CASE_METHOD(fixture, "recovery login: a session that ends meanwhile is not logged in any more") {
  first.verdict = std::string("\x07", 1);  // half a packet
  start();
  run_until([this] { return first.logins.size() == 1; });
  lost->end({session::stop_reason::killed, {}});
  run();
  CHECK(std::holds_alternative<recovery_failure>(*done));
  CHECK(second.connections == 0);
}
