// The sessions that ended last, and why: a ring with a limit. Any thread.
#pragma once

#include "session/client_session.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

namespace sessiongate::session {

struct closed_session {
  client_session_ids ids{};
  endpoint client;
  std::shared_ptr<const identity> who;
  std::shared_ptr<const std::string> database;
  std::uint32_t connection_id = 0;  // zero: it had no server session
  client_session::clock::time_point accepted_at{};
  client_session::clock::time_point closed_at{};
  stop_request why;
  std::uint64_t transactions = 0;
  std::uint64_t bytes_from_client = 0;
  std::uint64_t bytes_from_server = 0;
  bool logged_in = false;
  bool was_running = false;
  bool was_in_transaction = false;
};

class closed_sessions {
 public:
  /// Zero keeps none.
  explicit closed_sessions(std::size_t limit) : limit_(limit) {}

  void add(closed_session gone);
  /// The last one first.
  [[nodiscard]] std::vector<closed_session> list() const;

 private:
  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::deque<closed_session> kept_;
};

}  // namespace sessiongate::session
