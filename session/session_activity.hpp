// What a session is doing: which command, since when, what it waits for, and how many bytes it has moved. Written by
// the session's worker on the data path with plain stores, read by every thread; each number is right by itself, and
// two of them may be of different moments.
#pragma once

#include "protocol/command.hpp"
#include "session/session_statistics.hpp"
#include "session/statement_slot.hpp"

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sessiongate::session {

enum class wait_kind : std::uint8_t {
  client_read,      // for the client to send something
  client_write,     // for the client to take what is there for it
  backend_connect,  // for the connection to the server and its greeting
  authentication,   // for the server's next authentication packet
  backend_read,     // for the server's response
  backend_write,    // for the server to take what is there for it
};
std::string_view to_text(wait_kind kind);

struct waiting {
  wait_kind what = wait_kind::client_read;
  ticks since = 0;
  std::uint64_t queued = 0;  // bytes that the other side has not taken
};

class session_activity {
 public:
  session_activity() = default;
  ~session_activity() { delete statistics_.load(std::memory_order_relaxed); }
  session_activity(const session_activity&) = delete;
  session_activity& operator=(const session_activity&) = delete;

  // Any thread.
  [[nodiscard]] protocol::command command() const { return load(command_); }  // sleep: none runs
  /// Since when that command runs, or the session is idle.
  [[nodiscard]] ticks since() const { return load(since_); }
  [[nodiscard]] ticks transaction_since() const { return load(transaction_since_); }  // zero: none is open
  [[nodiscard]] waiting waits() const;
  [[nodiscard]] std::uint64_t bytes_from_client() const { return from_client_.value(); }
  [[nodiscard]] std::uint64_t bytes_from_server() const { return from_server_.value(); }
  /// When somebody read the statistics last; zero: never.
  [[nodiscard]] ticks reported() const { return load(reported_); }
  void note_reported() const { reported_.store(now_ticks(), std::memory_order_relaxed); }
  [[nodiscard]] const session_statistics* statistics() const { return statistics_.load(std::memory_order_acquire); }
  /// What it runs, or ran last in the open transaction. Nothing when there is no text, or no more.
  [[nodiscard]] std::optional<statement_text> statement(std::uint32_t cs_id) const;

  // The worker only.
  void received_from_client(std::uint64_t bytes) { from_client_.add(bytes); }
  void received_from_server(std::uint64_t bytes) {
    from_server_.add(bytes);
    heard_ = now_ticks();
    if (first_heard_ == 0) first_heard_ = heard_;
  }
  /// A command goes to the server.
  void begin_command(protocol::command sent, request_kind kind, std::uint64_t size);
  /// The text of the command that has just begun; `size` is that of the whole.
  void show_text(std::uint32_t cs_id, std::string_view text, std::size_t size, statement_pool& pool);
  /// A response of that many bytes has ended. Gives how long that was since the last command was sent.
  ticks end_response(response_kind kind, std::uint64_t size);
  /// Nothing is outstanding any more.
  void become_idle(bool in_transaction, statement_pool& pool);
  void answered_internally(std::uint64_t request, std::uint64_t answer);
  /// Waits for something that the course of commands does not tell: a login's steps, and a side that takes no bytes.
  void wait_for(wait_kind what, std::uint64_t queued = 0);
  void wait_no_more();
  void give_back(statement_pool& pool);
  /// The login is complete. Gives how long it took.
  ticks begin_idle();

 private:
  template <class T>
  static T load(const std::atomic<T>& from) {
    return from.load(std::memory_order_relaxed);
  }
  template <class T>
  static void store(std::atomic<T>& into, T value) {
    into.store(value, std::memory_order_relaxed);
  }
  session_statistics& counted();

  tally from_client_;
  tally from_server_;
  std::atomic<ticks> since_{now_ticks()};
  std::atomic<ticks> transaction_since_{0};
  std::atomic<ticks> blocked_since_{0};
  mutable std::atomic<ticks> reported_{0};
  std::atomic<std::uint64_t> queued_{0};
  std::atomic<session_statistics*> statistics_{nullptr};
  std::atomic<statement_slot*> slot_{nullptr};
  ticks heard_ = 0;        // from the server, last
  ticks first_heard_ = 1;  // of the present response; zero: nothing yet
  std::atomic<protocol::command> command_{protocol::command::sleep};
  std::atomic<bool> blocked_{false};
  std::atomic<wait_kind> blocked_on_{wait_kind::client_read};
};

}  // namespace sessiongate::session
