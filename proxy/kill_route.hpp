// How a statement on a backend is interrupted: over the killer's own idle server session when that is on the same
// server (the server then checks the privilege itself), else over the control account of its cluster.
#pragma once

#include "proxy/cluster_set.hpp"

#include "admin/backend_interrupter.hpp"

#include <boost/asio/steady_timer.hpp>

#include <optional>

namespace sessiongate::proxy {

/// The server session of the one who asks. Implemented by the relay; lives on the session's worker.
class own_server_session {
 public:
  virtual ~own_server_session() = default;
  /// It may be on the same server as `other`: nothing that is known speaks against it.
  [[nodiscard]] virtual bool may_share_server(const session::server_session& other) const = 0;
  /// The packets that answered; empty when `status` is not `interrupted`, which stands for "answered" here.
  struct reply {
    admin::interrupt_status status = admin::interrupt_status::no_route;
    protocol::bytes packets;
  };
  /// Runs a statement of the proxy's own there, of which the client sees nothing. Gives up after kill_timeout; a long
  /// answer is cut off at 64 KiB.
  virtual awaitable<reply> ask(std::string statement) = 0;
  /// Sends KILL [QUERY] <connection_id> there, as the account that is logged in. With `meant` it looks first whether
  /// the thread is that one's, where the account can see it: backend_unreachable when it is not.
  virtual awaitable<admin::interrupt_answer> kill(std::uint32_t connection_id, admin::interrupt_scope scope,
                                                  std::shared_ptr<const session::server_session> meant) = 0;
};

/// Several kills of one command may use it at the same time, on one thread.
class kill_route final : public admin::backend_interrupter {
 public:
  /// `own` may be null: root@proxysys and HTTP have none.
  kill_route(own_server_session* own, const cluster_set& clusters) : own_(own), clusters_(clusters) {}

  awaitable<admin::interrupt_answer> interrupt(admin::backend_thread which, admin::interrupt_scope scope) override;
  awaitable<admin::interrupt_answer> interrupt_as_caller(std::shared_ptr<const session::server_session> of,
                                                         std::uint32_t connection_id,
                                                         admin::interrupt_scope scope) override;

 private:
  awaitable<admin::interrupt_answer> ask_own(std::uint32_t connection_id, admin::interrupt_scope scope,
                                             std::shared_ptr<const session::server_session> meant);

  own_server_session* own_;
  const cluster_set& clusters_;
  bool is_asking_ = false;                         // `own_` takes one question at a time
  std::optional<boost::asio::steady_timer> turn_;  // those that wait for theirs; cancelled when it may be
};

/// `KILL 5`, `KILL QUERY 5`.
std::string kill_statement(std::uint32_t connection_id, admin::interrupt_scope scope);

}  // namespace sessiongate::proxy
