// One connection of the control account to a backend: logged in once, asked who the server is, and then used for one
// KILL after the other, or for health checks. Belongs to the admin thread.
#pragma once

#include "proxy/auth_keys.hpp"
#include "proxy/backend.hpp"
#include "proxy/config.hpp"
#include "proxy/packet_channel.hpp"
#include "proxy/server_identity.hpp"
#include "proxy/stream.hpp"
#include "proxy/tls_context.hpp"

#include "admin/backend_interrupter.hpp"
#include "protocol/err_packet.hpp"
#include "protocol/greeting.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sessiongate::proxy {

class control_connection {
 public:
  control_connection(const config& settings, const cluster_settings& owner, const backend& server,
                     const auth_keys& keys, const tls_context& tls, poller& on);

  /// To `peer`, or to whichever address of the backend answers. The answer when it failed.
  awaitable<std::optional<admin::interrupt_answer>> log_in(std::optional<session::endpoint> peer);

  struct result {
    admin::interrupt_answer answer;
    bool lost = false;      // the connection ended before there was an answer
    bool stranger = false;  // this server has not the thread that is meant: nothing was killed
  };
  /// `waiting` are threads that may be asked about next: one look at the server's list serves them all.
  awaitable<result> interrupt(admin::backend_thread which, admin::interrupt_scope scope,
                              std::vector<std::uint32_t> waiting);

  /// What a statement was answered; for those whose answer is not long.
  struct reply {
    bool lost = false;
    std::optional<protocol::server_error> error;
    protocol::bytes packets;
  };
  awaitable<reply> query(std::string_view statement);

  [[nodiscard]] const protocol::greeting& greeting() const { return greeting_; }
  [[nodiscard]] const server_identity& server() const { return server_; }
  [[nodiscard]] const session::connection_origin& origin() const { return origin_; }
  /// Sessions that were made at its address from then on are this server's.
  void trust_since(server_identity::clock::time_point since) { there_since_ = since; }
  /// Whether it can be sure about this thread as it is; else a fresh connection has to look.
  [[nodiscard]] bool can_judge(const session::connection_origin& of) const;
  /// It waits for a command and the server has not closed it.
  [[nodiscard]] bool is_ready() const { return stream_.is_quiet(); }
  /// What was looked up for others is not kept for long, though a server does not use a number again soon.
  void forget_threads() { ports_.clear(); }
  void close() { stream_.close(); }

 private:
  awaitable<std::optional<admin::interrupt_answer>> authenticate();
  awaitable<std::optional<admin::interrupt_answer>> identify(std::string_view version);
  awaitable<std::optional<result>> check(const admin::backend_thread& which, std::vector<std::uint32_t> waiting);
  awaitable<std::optional<result>> look_up(std::uint32_t wanted, std::vector<std::uint32_t> waiting);
  [[nodiscard]] bool may_have(const session::connection_origin& of) const;
  [[nodiscard]] result stranger(const session::server_session& meant) const;

  const config& settings_;
  const cluster_settings& owner_;
  const backend& target_;
  const auth_keys& keys_;
  const tls_context& tls_;
  std::array<std::uint8_t, 4096> scratch_{};
  stream stream_;
  packet_channel channel_;
  session::connection_origin origin_;
  protocol::greeting greeting_;
  server_identity server_;
  server_identity::clock::time_point there_since_ = server_identity::clock::time_point::max();
  std::unordered_map<std::uint32_t, std::uint16_t> ports_;  // of threads that were looked up
};

/// What a backend's OK or ERR to a KILL means.
admin::interrupt_answer to_interrupt_answer(protocol::bytes_view payload);

}  // namespace sessiongate::proxy
