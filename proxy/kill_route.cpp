#include "proxy/kill_route.hpp"

#include "protocol/err_packet.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sessiongate::proxy {

std::string kill_statement(std::uint32_t connection_id, admin::interrupt_scope scope) {
  return fmt::format("KILL {}{}", scope == admin::interrupt_scope::query ? "QUERY " : "", connection_id);
}

awaitable<admin::interrupt_answer> kill_route::interrupt(admin::backend_thread which, admin::interrupt_scope scope) {
  admin::interrupt_answer answer;
  if (own_ != nullptr && own_->may_share_server(*which.session)) {
    answer = co_await ask_own(which.session->connection_id(), scope, which.session);
    const bool settled =
        answer.status == admin::interrupt_status::interrupted || answer.code == protocol::er::no_such_thread;
    if (settled) co_return answer;
  }
  // An operator of the proxy may lack the privilege on the backend; the control account is there for that.
  auto* const control = clusters_.control_of(*which.session);
  if (control != nullptr && control->configured()) answer = co_await control->kill(std::move(which), scope);
  co_return answer;
}

awaitable<admin::interrupt_answer> kill_route::interrupt_as_caller(std::shared_ptr<const session::server_session> of,
                                                                   std::uint32_t connection_id,
                                                                   admin::interrupt_scope scope) {
  if (own_ == nullptr || (of && !own_->may_share_server(*of))) co_return admin::interrupt_answer{};
  co_return co_await ask_own(connection_id, scope, std::move(of));
}

awaitable<admin::interrupt_answer> kill_route::ask_own(std::uint32_t connection_id, admin::interrupt_scope scope,
                                                       std::shared_ptr<const session::server_session> meant) {
  if (!turn_) turn_.emplace(co_await boost::asio::this_coro::executor, boost::asio::steady_timer::time_point::max());
  while (is_asking_) co_await turn_->async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  is_asking_ = true;
  auto answer = co_await own_->kill(connection_id, scope, std::move(meant));
  is_asking_ = false;
  turn_->cancel();
  co_return answer;
}

}  // namespace sessiongate::proxy
