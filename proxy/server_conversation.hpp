// Commands of the proxy's own over a connection to a backend that no relay reads from: between the login of a server
// session that the proxy opens by itself and its use. Lives on the stream's thread, for as long as such a talk takes.
#pragma once

#include "proxy/stream.hpp"

#include "protocol/bytes.hpp"
#include "protocol/capabilities.hpp"
#include "protocol/command.hpp"
#include "protocol/err_packet.hpp"
#include "protocol/response_tracker.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sessiongate::proxy {

class server_conversation {
 public:
  struct answer {
    std::optional<protocol::server_error> error;  // what the server answered, or lost_connection when it did not
    bool lost = false;                            // the connection ended, or an answer was larger than the limit
    protocol::bytes packets;                      // the whole response
    std::uint32_t prepared_id = 0;                // of COM_STMT_PREPARE
  };

  /// `scratch` is read into; nothing stays in it across a wait. `status` is what the login ended with.
  server_conversation(stream& over, std::span<std::uint8_t> scratch, protocol::capabilities negotiated,
                      protocol::status_flags status, std::size_t answer_max);

  /// `rest` is what follows the command's byte. Whoever wants a limit in time closes the stream.
  awaitable<answer> say(protocol::command type, protocol::bytes_view rest);
  /// A whole payload. The answer to a command that has no response is empty.
  awaitable<answer> send(protocol::bytes_view command);
  awaitable<answer> query(std::string_view text);

  /// Of the last OK.
  [[nodiscard]] protocol::status_flags status() const { return tracker_.status(); }

 private:
  awaitable<answer> read_answer();

  stream& over_;
  std::span<std::uint8_t> scratch_;
  protocol::capabilities negotiated_;
  std::size_t answer_max_;
  protocol::response_tracker tracker_;
};

}  // namespace sessiongate::proxy
