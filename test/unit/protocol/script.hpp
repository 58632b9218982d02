// Scripts of what a server sends, and the replay of one in every way in which a network may cut it.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/response_tracker.hpp"

#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::protocol {

std::ostream& operator<<(std::ostream& out, response_tracker::event value);

namespace script {

/// Packets with running sequence ids.
class server {
 public:
  server& payload(bytes_view content);
  server& payload(std::initializer_list<std::uint8_t> content) { return payload(bytes(content)); }
  /// `size` bytes that begin with `start`, cut into packets of 0xFFFFFF bytes.
  server& long_payload(std::initializer_list<std::uint8_t> start, std::size_t size);
  server& ok(status_flags status = status_autocommit, std::string_view info = {}) {
    return ok_with(0x00, status, info);
  }
  /// The OK that ends rows under client_deprecate_eof.
  server& ok_end(status_flags status = status_autocommit) { return ok_with(0xFE, status, {}); }
  server& eof(status_flags status = status_autocommit);
  server& err(std::uint16_t code);
  server& definition();
  server& definitions(int count);
  server& row(std::string_view text);
  server& ok_with(std::uint8_t header, status_flags status, std::string_view info);
  /// An OK with status_session_state_changed: a schema change to `schema`.
  server& state_ok(std::uint8_t header, status_flags status, std::string_view info, std::string_view schema);
  server& bytes_from_hex(std::string_view hex);
  server& restart_ids() {
    sequence_id_ = 1;
    return *this;
  }

  [[nodiscard]] const bytes& data() const { return data_; }

 private:
  bytes data_;
  std::uint8_t sequence_id_ = 1;
};

using event = response_tracker::event;

struct seen_event {
  event what = event::none;
  std::size_t forwarded = 0;  // bytes that had gone to the client by then
  std::size_t consumed = 0;
  status_flags status = 0;
  std::uint16_t error = 0;
  bytes state_ok;
  bool operator==(const seen_event&) const = default;
};

struct outcome {
  bytes forwarded;
  std::vector<seen_event> events;
  bool idle = false;
  bool at_response_start = false;
  bool operator==(const outcome&) const = default;

  [[nodiscard]] std::vector<event> kinds() const;
};

struct scenario {
  capabilities backend = 0;
  capabilities client = 0;
  std::vector<command> commands;

  /// One pass; `cuts` are the offsets at which a new chunk begins. Fails the test when the tracker makes no progress.
  [[nodiscard]] outcome replay(bytes_view input, std::span<const std::size_t> cuts = {}) const;
  /// Whole, byte by byte, and cut in two at every offset; they have to agree, and their outcome is returned.
  [[nodiscard]] outcome replay_all(bytes_view input) const;
  /// As replay_all(), for long input: cut around each of the given offsets only, and at all of them.
  [[nodiscard]] outcome replay_around(bytes_view input, std::span<const std::size_t> offsets) const;
};

}  // namespace script
}  // namespace sessiongate::protocol
