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

const session::endpoint here{"10.1.0.1", 3306};
const session::endpoint elsewhere{"10.1.0.2", 3306};

class own_session final : public own_server_session {
 public:
  [[nodiscard]] bool may_share_server(const session::server_session& other) const override {
    return other.backend() == here;
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
};

admin::backend_thread thread_of(const session::endpoint& backend, std::uint32_t connection_id) {
  return {std::make_shared<const session::server_session>(1, std::make_shared<const session::endpoint>(backend),
                                                          session::connection_origin{.connection_id = connection_id})};
}

/// A backend that nobody listens on: the control account, when it is asked, answers backend_unreachable.
std::uint16_t closed_port() {
  boost::asio::io_context context;
  return test::tcp::acceptor(context, {boost::asio::ip::address_v4::loopback(), 0}).local_endpoint().port();
}

interrupt_answer interrupt(own_server_session* own, const std::string& control_user, const session::endpoint& backend) {
  config settings;
  settings.backend = {"127.0.0.1", closed_port()};
  settings.control_user = control_user;
  test::reactor on;
  gateway shared(settings, on.sockets);
  kill_route route(own, shared.control);
  interrupt_answer answer;
  test::run(on.context, [&]() -> awaitable<void> {
    answer = co_await route.interrupt(thread_of(backend, 5), interrupt_scope::query);
  }());
  return answer;
}

}  // namespace

TEST_CASE("the statement that interrupts") {
  CHECK(kill_statement(5, interrupt_scope::query) == "KILL QUERY 5");
  CHECK(kill_statement(4294967295U, interrupt_scope::connection) == "KILL 4294967295");
}

TEST_CASE("the killer's own server session is used when it is on the same backend") {
  own_session own;
  CHECK(interrupt(&own, "", here).status == interrupt_status::interrupted);
  CHECK(own.killed == std::vector<std::uint32_t>{5});
  CHECK(interrupt(&own, "control", here).status == interrupt_status::interrupted);
}

TEST_CASE("the killer's own server session is asked one thing after the other") {
  own_session own;
  config settings;
  settings.backend = {"127.0.0.1", closed_port()};
  test::reactor on;
  gateway shared(settings, on.sockets);
  kill_route route(&own, shared.control);
  std::size_t answered = 0;
  for (std::uint32_t each = 0; each < 5; ++each) {
    boost::asio::co_spawn(on.context, route.interrupt(thread_of(here, each), interrupt_scope::connection),
                          [&](const std::exception_ptr& /*thrown*/, const interrupt_answer& answer) {
                            CHECK(answer.status == interrupt_status::interrupted);
                            ++answered;
                          });
  }
  test::run_until(on.context, [&] { return answered == 5; });
  CHECK(own.killed == std::vector<std::uint32_t>{0, 1, 2, 3, 4});
  CHECK(own.most == 1);
}

TEST_CASE("without an own server session there or a control account there is no route") {
  own_session own;
  CHECK(interrupt(&own, "", elsewhere).status == interrupt_status::no_route);
  CHECK(own.killed.empty());
  CHECK(interrupt(nullptr, "", here).status == interrupt_status::no_route);
}

TEST_CASE("the control account is asked when there is no other way") {
  own_session own;
  CHECK(interrupt(nullptr, "control", here).status == interrupt_status::backend_unreachable);
  CHECK(interrupt(&own, "control", elsewhere).status == interrupt_status::backend_unreachable);
  CHECK(own.killed.empty());
}

TEST_CASE("a refusal over the own server session is final only when it cannot get better") {
  own_session own;
  own.answer = {interrupt_status::backend_refused, protocol::er::kill_denied, "HY000", "You are not owner of thread 5"};
  CHECK(interrupt(&own, "", here).code == protocol::er::kill_denied);
  CHECK(interrupt(&own, "control", here).status == interrupt_status::backend_unreachable);
  own.answer = {interrupt_status::backend_refused, protocol::er::no_such_thread, "HY000", "Unknown thread id: 5"};
  CHECK(interrupt(&own, "control", here).code == protocol::er::no_such_thread);
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
