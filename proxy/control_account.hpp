// The control account: a backend account of the configuration that interrupts statements there for killers who have no
// server session of their own. One short connection for each interruption, on the caller's executor; any thread.
#pragma once

#include "proxy/gateway.hpp"
#include "proxy/stream.hpp"

#include "admin/execute.hpp"

namespace sessiongate::proxy {

class control_account {
 public:
  explicit control_account(gateway& shared) : shared_(shared) {}

  [[nodiscard]] bool configured() const { return !shared_.settings.control_user.empty(); }
  /// Answers within kill_timeout.
  awaitable<admin::interrupt_answer> kill(std::uint32_t connection_id, admin::interrupt_scope scope);

 private:
  gateway& shared_;
};

/// What a backend's OK or ERR to a KILL means.
admin::interrupt_answer to_interrupt_answer(protocol::bytes_view payload);

}  // namespace sessiongate::proxy
