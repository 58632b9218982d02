// One logged-in session of the load: cheap, so that the proxy and not its client is what a benchmark measures. Blocking
// unless its socket is made otherwise. One thread at a time.
#pragma once

#include "test/bench/sockets.hpp"
#include "test/bench/tls_channel.hpp"

#include "protocol/bytes.hpp"
#include "protocol/response_tracker.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sessiongate::bench {

/// MySQL's TLS begins when the client asks for it behind the greeting; before all else where a proxy in TCP mode ends
/// it.
enum class encryption : std::uint8_t { none, asked_for, from_start };

class client {
 public:
  /// Connects and logs in. The password's proof is made up: the canned backend takes any. Throws when refused.
  explicit client(const address& server, encryption tls = encryption::none);

  [[nodiscard]] const descriptor& socket() const { return socket_; }

  /// Reads what has come. Through TLS that may be nothing.
  std::size_t read(std::span<std::uint8_t> into);
  /// Runs a statement to its end; gives the size of its response in bytes. Throws when it is answered with an error.
  std::uint64_t run(std::string_view sql);
  /// As above, for a large response: `buffer` is what is read into.
  std::uint64_t run(std::string_view sql, std::span<std::uint8_t> buffer);
  /// The statement's id. It must not need more than one parameter.
  std::uint32_t prepare(std::string_view sql);
  void quit();

  /// Sends one command; follow() then says when the response is whole. The payload starts with the command's byte.
  void send(protocol::bytes_view payload);
  /// True when `input` completed the response.
  bool follow(protocol::bytes_view input);

 private:
  void log_in(encryption tls);
  void write(protocol::bytes_view from);
  protocol::bytes read_packet(std::uint8_t& sequence_id);

  descriptor socket_;
  std::optional<tls_channel> tls_;
  protocol::response_tracker tracker_;
  protocol::bytes out_;  // the packet that is being sent: kept for its memory
};

/// The payload of COM_QUERY, and of COM_STMT_EXECUTE with one 32-bit integer, in `out`.
void write_query(protocol::bytes& out, std::string_view sql);
void write_execute(protocol::bytes& out, std::uint32_t statement_id, std::uint32_t value);

}  // namespace sessiongate::bench
