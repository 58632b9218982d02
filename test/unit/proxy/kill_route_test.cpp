#include "proxy/kill_route.hpp"

#include "proxy/gateway.hpp"
#include "proxy/loopback.hpp"

#include "protocol/err_packet.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <memory>
#include <vector>

using namespace sessiongate;
using namespace sessiongate::proxy;
using admin::interrupt_answer;
using admin::interrupt_scope;
using admin::interrupt_status;

namespace {

class own_session final : public own_server_session {
 public:
  explicit own_session(session::endpoint at = {"127.0.0.1", 1}) : at_(std::move(at)) {}

  [[nodiscard]] bool may_share_server(const session::server_session& other) const override {
    return other.backend() == at_;
  }
  awaitable<reply> ask(std::string /*statement*/) override { co_return reply{}; }
  awaitable<interrupt_answer> kill(std::uint32_t connection_id, interrupt_scope /*scope*/,
                                   std::shared_ptr<const session::server_session> /*meant*/) override {
    most = std::max(most, ++asked);
    killed.push_back(connection_id);
    co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
    --asked;
    co_return answer;
  }

  interrupt_answer answer{interrupt_status::interrupted};
  std::vector<std::uint32_t> killed;
  std::size_t asked = 0;  // at a time
  std::size_t most = 0;

 private:
  session::endpoint at_;
};

/// Two clusters of one backend each, where nobody listens: a control account that is asked answers backend_unreachable.
/// Only the second has one.
class two_clusters {
 public:
  static constexpr std::size_t without_control = 0;
  static constexpr std::size_t with_control = 1;
  static inline const session::endpoint addresses[]{{"127.0.0.1", 1}, {"127.0.0.1", 2}};

  [[nodiscard]] admin::backend_thread thread(std::size_t cluster, std::uint32_t connection_id) const {
    const auto& name = shared_.clusters.all()[cluster]->backends().front()->name();
    return {std::make_shared<const session::server_session>(
        1, name, session::connection_origin{.connection_id = connection_id})};
  }
  interrupt_answer interrupt(own_server_session* own, std::size_t cluster) {
    kill_route route(own, shared_.clusters);
    interrupt_answer answer;
    test::run(on_.context, [&]() -> awaitable<void> {
      answer = co_await route.interrupt(thread(cluster, 5), interrupt_scope::query);
    }());
    return answer;
  }
  test::reactor& on() { return on_; }
  gateway& shared() { return shared_; }

 private:
  static config settings() {
    config read;
    read.clusters = {{.name = "one", .backends = {{.address = addresses[without_control]}}},
                     {.name = "two", .backends = {{.address = addresses[with_control]}}, .control_user = "control"}};
    return read;
  }

  test::reactor on_;
  gateway shared_{settings(), on_.sockets};
};

constexpr auto without_control = two_clusters::without_control;
constexpr auto with_control = two_clusters::with_control;

}  // namespace

TEST_CASE("the statement that interrupts") {
  CHECK(kill_statement(5, interrupt_scope::query) == "KILL QUERY 5");
  CHECK(kill_statement(4294967295U, interrupt_scope::connection) == "KILL 4294967295");
}

TEST_CASE("the killer's own server session is used when it is on the same backend") {
  two_clusters two;
  own_session own(two_clusters::addresses[without_control]);
  CHECK(two.interrupt(&own, without_control).status == interrupt_status::interrupted);
  CHECK(own.killed == std::vector<std::uint32_t>{5});
  own_session other(two_clusters::addresses[with_control]);
  CHECK(two.interrupt(&other, with_control).status == interrupt_status::interrupted);
}

TEST_CASE("the killer's own server session is asked one thing after the other") {
  two_clusters two;
  own_session own;
  kill_route route(&own, two.shared().clusters);
  std::size_t answered = 0;
  for (std::uint32_t each = 0; each < 5; ++each) {
    boost::asio::co_spawn(two.on().context,
                          route.interrupt(two.thread(without_control, each), interrupt_scope::connection),
                          [&](const std::exception_ptr& /*thrown*/, const interrupt_answer& answer) {
                            CHECK(answer.status == interrupt_status::interrupted);
                            ++answered;
                          });
  }
  test::run_until(two.on().context, [&] { return answered == 5; });
  CHECK(own.killed == std::vector<std::uint32_t>{0, 1, 2, 3, 4});
  CHECK(own.most == 1);
}

TEST_CASE("without an own server session there or a control account of that cluster there is no route") {
  two_clusters two;
  own_session own(two_clusters::addresses[with_control]);
  CHECK(two.interrupt(&own, without_control).status == interrupt_status::no_route);
  CHECK(own.killed.empty());
  CHECK(two.interrupt(nullptr, without_control).status == interrupt_status::no_route);
}

TEST_CASE("the control account of the session's cluster is asked when there is no other way") {
  two_clusters two;
  own_session own(two_clusters::addresses[without_control]);
  CHECK(two.interrupt(nullptr, with_control).status == interrupt_status::backend_unreachable);
  CHECK(two.interrupt(&own, with_control).status == interrupt_status::backend_unreachable);
  CHECK(own.killed.empty());
}

TEST_CASE("a refusal over the own server session is final only when it cannot get better") {
  two_clusters two;
  own_session one(two_clusters::addresses[without_control]);
  own_session other(two_clusters::addresses[with_control]);
  one.answer = other.answer = {interrupt_status::backend_refused, protocol::er::kill_denied, "HY000",
                               "You are not owner of thread 5"};
  CHECK(two.interrupt(&one, without_control).code == protocol::er::kill_denied);
  CHECK(two.interrupt(&other, with_control).status == interrupt_status::backend_unreachable);
  other.answer = {interrupt_status::backend_refused, protocol::er::no_such_thread, "HY000", "Unknown thread id: 5"};
  CHECK(two.interrupt(&other, with_control).code == protocol::er::no_such_thread);
}

TEST_CASE("what a backend's answer to a KILL means") {
  const protocol::bytes ok{0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00};
  CHECK(to_interrupt_answer(ok).status == interrupt_status::interrupted);
  protocol::bytes refusal;
  protocol::write_err_packet(refusal, {protocol::er::kill_denied, "HY000", "You are not owner of thread 5"});
  const auto refused = to_interrupt_answer(refusal);
  CHECK(refused.status == interrupt_status::backend_refused);
  CHECK(refused.code == protocol::er::kill_denied);
  CHECK(refused.sqlstate == "HY000");
  CHECK(refused.message == "You are not owner of thread 5");
  const protocol::bytes broken{protocol::err_header, 0x10};
  CHECK(to_interrupt_answer(broken).status == interrupt_status::backend_refused);
}
