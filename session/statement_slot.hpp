// The text of the statement that a session runs, as much of it as is kept, for other threads to read while the
// session's worker goes on. Slots belong to a worker's pool and are lent to a session for as long as it runs a
// statement or has a transaction open, so an idle session has none and a busy one allocates nothing. A slot is never
// freed while the proxy runs: a reader who comes late finds another session's text there, sees that by the owner, and
// takes nothing.
//
// One writer, any number of readers, no lock: a sequence lock over atomic words. The writer makes the version odd,
// writes, and makes it even again; a reader who saw the version change has read a mixture and tries again.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::session {

struct statement_text {
  std::string text;      // the beginning
  std::size_t size = 0;  // bytes of the whole statement
};

class statement_slot {
 public:
  explicit statement_slot(std::size_t capacity);

  /// The pool's worker only. `text` is what there is of a statement of `size` bytes; owner is the session's cs_id.
  void write(std::uint32_t owner, std::string_view text, std::size_t size);
  /// Any thread. Nothing when it is not that owner's (any more).
  [[nodiscard]] std::optional<statement_text> read(std::uint32_t owner) const;

 private:
  using word = std::uint64_t;

  std::size_t capacity_;  // bytes, a multiple of a word's
  std::unique_ptr<std::atomic<word>[]> words_;
  std::atomic<std::uint32_t> version_{0};
  std::atomic<std::uint32_t> owner_{0};
  std::atomic<word> size_{0};  // what is kept in the low half, of the whole in the high half
};

/// A worker's slots. On the worker's thread only.
class statement_pool {
 public:
  /// `capacity`: bytes of each text; zero: nothing is kept, and lend() gives none.
  explicit statement_pool(std::size_t capacity) : capacity_(capacity) {}

  [[nodiscard]] statement_slot* lend();
  void take_back(statement_slot& slot) { free_.push_back(&slot); }
  [[nodiscard]] std::size_t size() const { return all_.size(); }

 private:
  std::size_t capacity_;
  std::deque<statement_slot> all_;
  std::vector<statement_slot*> free_;
};

}  // namespace sessiongate::session
