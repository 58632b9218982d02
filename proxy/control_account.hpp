// The control account: a backend account of the configuration that interrupts statements there for killers who have no
// server session of their own. One short connection for each interruption, on the admin thread; any thread may ask.
#pragma once

#include "proxy/auth_keys.hpp"
#include "proxy/backend.hpp"
#include "proxy/config.hpp"
#include "proxy/stream.hpp"
#include "proxy/tls_context.hpp"

#include "admin/backend_interrupter.hpp"

namespace sessiongate::proxy {

class control_account {
 public:
  /// `home` is the admin thread's.
  control_account(const config& settings, const backend& server, const auth_keys& keys, const tls_context& tls,
                  poller& home)
      : settings_(settings), server_(server), keys_(keys), tls_(tls), home_(home) {}

  [[nodiscard]] bool configured() const { return !settings_.control_user.empty(); }
  /// Answers within kill_timeout, on the caller's executor.
  awaitable<admin::interrupt_answer> kill(std::uint32_t connection_id, admin::interrupt_scope scope);

 private:
  awaitable<admin::interrupt_answer> run(std::string statement);

  const config& settings_;
  const backend& server_;
  const auth_keys& keys_;
  const tls_context& tls_;
  poller& home_;
};

/// What a backend's OK or ERR to a KILL means.
admin::interrupt_answer to_interrupt_answer(protocol::bytes_view payload);

}  // namespace sessiongate::proxy
