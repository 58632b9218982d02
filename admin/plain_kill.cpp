#include "admin/plain_kill.hpp"

#include "admin/authorize.hpp"
#include "admin/failures.hpp"
#include "protocol/err_packet.hpp"

#include <limits>
#include <memory>
#include <string>
#include <utility>

namespace sessiongate::admin {

using boost::asio::awaitable;

namespace {

struct thread_address {
  std::shared_ptr<const session::server_session> of;  // null: none of the proxy's
  std::uint32_t connection_id = 0;
  kill_outcome outcome;
};

/// What the backend has to be asked about; none when the proxy decides.
std::optional<thread_address> find_thread(std::uint64_t id, command_kind kind, const principal& who,
                                          const session::registry& sessions) {
  const auto targets = sessions.find(id);
  if (targets.size() > 1) return std::nullopt;
  if (targets.empty()) {
    if (id > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    return thread_address{.of = {}, .connection_id = static_cast<std::uint32_t>(id), .outcome = {}};
  }
  const auto& target = *targets.front();
  const auto servers = target.server_sessions();
  if (servers.empty() || may(who, kind, target) != verdict::not_owner) return std::nullopt;
  return thread_address{servers.front(), servers.front()->connection_id(), begin_outcome(target, kill_status::killed)};
}

result to_result(const interrupt_answer& answer, std::uint64_t id, command_kind kind, thread_address asked) {
  const bool is_query = kind == command_kind::kill_query;
  auto outcome = std::move(asked.outcome);
  outcome.connection_id = asked.connection_id;
  if (answer.status == interrupt_status::interrupted) {
    outcome.status = is_query ? kill_status::query_interrupted : kill_status::killed;
    outcome.interrupt = answer.status;
    return outcome;
  }
  // The backend names its own id; the client has to read the one that it wrote.
  if (answer.code == protocol::er::no_such_thread) return unknown_thread(id);
  if (answer.code == protocol::er::kill_denied) return not_owner_of(id);
  return kill_failure(is_query ? "The statement could not be interrupted" : "The session could not be killed", answer,
                      std::move(outcome));
}

}  // namespace

awaitable<std::optional<result>> leave_to_backend(std::uint64_t id, command_kind kind, principal who,
                                                  execution_context& context) {
  who.rights = {};  // what the backend decides is not decided here before
  auto asked = find_thread(id, kind, who, context.sessions);
  if (!asked) co_return std::nullopt;
  const auto scope = kind == command_kind::kill_query ? interrupt_scope::query : interrupt_scope::connection;
  const auto begun = std::chrono::steady_clock::now();
  const auto answer = co_await context.interrupter.interrupt_as_caller(asked->of, asked->connection_id, scope);
  if (answer.status == interrupt_status::no_route) co_return std::nullopt;
  asked->outcome.elapsed =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun);
  co_return to_result(answer, id, kind, std::move(*asked));
}

}  // namespace sessiongate::admin
