// The sessions that ended last, and why: a ring with a limit, which is found by cs_id and connection_id, too. Any
// thread.
#pragma once

#include "session/client_session.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace sessiongate::session {

struct closed_session {
  client_session_ids ids{};
  endpoint client;
  std::shared_ptr<const identity> who;
  std::shared_ptr<const std::string> database;
  std::uint32_t connection_id = 0;  // zero: it had no server session
  std::shared_ptr<const endpoint> backend{};
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
  /// Whether one with this cs_id is kept.
  [[nodiscard]] bool holds(std::uint32_t cs_id) const;
  /// The last one that had this id.
  [[nodiscard]] std::optional<closed_session> find_by_cs_id(std::uint32_t cs_id) const;
  [[nodiscard]] std::optional<closed_session> find_by_connection_id(std::uint32_t connection_id) const;

 private:
  using places = boost::unordered_flat_map<std::uint32_t, std::uint64_t>;  // id -> which one it was, counted from 0

  [[nodiscard]] std::optional<closed_session> find(const places& by_id, std::uint32_t id) const;
  void forget(places& by_id, std::uint32_t id) const;

  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::deque<closed_session> kept_;
  std::uint64_t first_ = 0;  // which one the first of `kept_` is
  places by_cs_id_;
  places by_connection_id_;
};

}  // namespace sessiongate::session
