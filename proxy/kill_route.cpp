#include "proxy/kill_route.hpp"

#include "protocol/err_packet.hpp"

#include <fmt/format.h>

namespace sessiongate::proxy {

std::string kill_statement(std::uint32_t connection_id, admin::interrupt_scope scope) {
  return fmt::format("KILL {}{}", scope == admin::interrupt_scope::query ? "QUERY " : "", connection_id);
}

awaitable<admin::interrupt_answer> kill_route::interrupt(session::endpoint backend, std::uint32_t connection_id,
                                                         admin::interrupt_scope scope) {
  admin::interrupt_answer answer;
  if (own_ != nullptr && own_->is_on(backend)) {
    answer = co_await own_->kill(connection_id, scope);
    const bool settled =
        answer.status == admin::interrupt_status::interrupted || answer.code == protocol::er::no_such_thread;
    if (settled) co_return answer;
  }
  // An operator of the proxy may lack the privilege on the backend; the control account is there for that.
  if (control_.configured()) answer = co_await control_.kill(connection_id, scope);
  co_return answer;
}

awaitable<admin::interrupt_answer> kill_route::interrupt_as_caller(std::optional<session::endpoint> backend,
                                                                   std::uint32_t connection_id,
                                                                   admin::interrupt_scope scope) {
  if (own_ == nullptr || (backend && !own_->is_on(*backend))) co_return admin::interrupt_answer{};
  co_return co_await own_->kill(connection_id, scope);
}

}  // namespace sessiongate::proxy
