#include "proxy/backend_watch.hpp"

#include "proxy/scripted_backend.hpp"

#include <chrono>

using namespace sessiongate;
using namespace sessiongate::proxy;
using namespace std::chrono_literals;
using test::error_answer;
using test::rows_answer;
using test::scripted_backend;

namespace {

/// A backend by its address and one by a name, in one cluster without a control account.
struct fixture {
  explicit fixture(std::string name = "localhost", std::string control = {})
      : named{std::move(name), backend.address().port}, control_user(std::move(control)) {}
  ~fixture() {
    shared.draining = true;
    watch.stop();
    backend.stop();
    owner.control(*owner.backends().front()).stop();
    home.poller().context().restart();
    home.poller().context().poll();
  }
  fixture(const fixture&) = delete;
  fixture& operator=(const fixture&) = delete;

  template <class Condition>
  void run_until(Condition condition) {
    test::run_until(home.poller().context(), condition);
  }

  worker home{4096, 0us};
  scripted_backend backend{home.poller().context()};
  session::endpoint named;
  std::string control_user;
  gateway shared{settings(), home.poller()};
  cluster& owner = *shared.clusters.all().front();
  proxy::backend& by_address = *owner.backends().front();
  proxy::backend& by_name = *owner.backends().back();
  backend_watch watch{shared, home, home.poller()};

 private:
  [[nodiscard]] config settings() const {
    config read;
    read.clusters = {{.backends = {{.address = backend.address()}, {.address = named}}, .control_user = control_user}};
    return read;
  }
};

/// Nobody is asked for a name that is none.
struct unknown_fixture : fixture {
  unknown_fixture() : fixture("a..b") {}
};
struct control_fixture : fixture {
  control_fixture() : fixture("localhost", "control") {}
};

}  // namespace

TEST_CASE_METHOD(fixture, "backend watch: greetings are learned, of a backend by name, too, when that is resolved") {
  CHECK(by_name.resolved()->empty());
  watch.start();
  run_until([this] { return by_address.has_greeted() && by_name.has_greeted(); });
  CHECK(by_address.last_greeting()->server_version == "11.8.0-MariaDB");
  CHECK(by_name.looked_up());
  CHECK_FALSE(by_name.resolved()->empty());
  CHECK(by_address.health().state() == backend_state::up);
  CHECK_FALSE(by_address.health().checked());  // logins find out
}

TEST_CASE_METHOD(unknown_fixture, "backend watch: a name that leads nowhere is down, and nobody waits for it") {
  watch.start();
  run_until([this] { return by_name.health().state() != backend_state::unknown && by_address.has_greeted(); });
  CHECK(by_name.health().state() == backend_state::down);
  CHECK_THAT(by_name.health().look().reason, Catch::StartsWith("its name is not resolved: "));
  CHECK(by_name.looked_up());
}

TEST_CASE_METHOD(unknown_fixture, "backend watch: a name that is lost does not take the addresses that it had") {
  by_name.set_addresses({admin::to_socket_address(backend.address())});
  watch.start();
  run_until([this] { return by_name.has_greeted(); });
  CHECK(by_name.health().state() == backend_state::up);
  CHECK(by_name.resolved()->size() == 1);
}

TEST_CASE_METHOD(unknown_fixture, "backend watch: a backend that does not greet is asked again") {
  backend.greeting = error_answer(1040, "Too many connections", 0);
  watch.start();
  run_until([this] { return backend.connections == 1; });
  CHECK_FALSE(by_address.has_greeted());
  backend.greeting = test::packet_of(scripted_backend::hello(), 0);
  run_until([this] { return by_address.has_greeted(); });
  CHECK(backend.connections == 2);
}

TEST_CASE_METHOD(control_fixture, "backend watch: with a control account backends are checked") {
  backend.answers["SELECT @@global.read_only"] = rows_answer(1, {{"1"}});
  backend.answers["SHOW GLOBAL VARIABLES"] = rows_answer(2, {{"sql_mode", "ANSI"}});
  backend.answers["SELECT PRIVILEGE_TYPE"] = rows_answer(1, {});
  watch.start();
  run_until([this] { return by_address.last_check()->took > 0us && by_address.has_greeted(); });
  CHECK(by_address.health().checked());
  CHECK(by_address.last_check()->read_only == true);
}
