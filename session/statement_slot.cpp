#include "session/statement_slot.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace sessiongate::session {

namespace {

constexpr int tries_max = 16;  // a writer needs less time than one of them

std::size_t words_for(std::size_t bytes, std::size_t word) {
  return (bytes + word - 1) / word;
}

}  // namespace

statement_slot::statement_slot(std::size_t capacity)
    : capacity_(words_for(capacity, sizeof(word)) * sizeof(word)),
      words_(std::make_unique<std::atomic<word>[]>(capacity_ / sizeof(word))) {}

// All stores are releases and all loads acquires, which cost nothing on x86 and need no fence: whoever sees a word of
// this text also sees the odd version that came before it.
void statement_slot::write(std::uint32_t owner, std::string_view text, std::size_t size) {
  constexpr auto size_max = std::size_t{std::numeric_limits<std::uint32_t>::max()};
  const auto kept = std::min(text.size(), capacity_);
  const auto version = version_.load(std::memory_order_relaxed);
  version_.store(version + 1, std::memory_order_relaxed);
  owner_.store(owner, std::memory_order_release);
  size_.store(word{std::min(size, size_max)} << 32U | kept, std::memory_order_release);
  std::size_t at = 0;
  for (; at + sizeof(word) <= kept; at += sizeof(word)) {
    word next = 0;
    std::memcpy(&next, text.data() + at, sizeof next);
    words_[at / sizeof(word)].store(next, std::memory_order_release);
  }
  if (at < kept) {
    word next = 0;
    std::memcpy(&next, text.data() + at, kept - at);
    words_[at / sizeof(word)].store(next, std::memory_order_release);
  }
  version_.store(version + 2, std::memory_order_release);
}

std::optional<statement_text> statement_slot::read(std::uint32_t owner) const {
  for (int attempt = 0; attempt < tries_max; ++attempt) {
    const auto before = version_.load(std::memory_order_acquire);
    if (before % 2 != 0) continue;
    if (owner_.load(std::memory_order_acquire) != owner) return std::nullopt;
    const auto sizes = size_.load(std::memory_order_acquire);
    const auto kept = std::min<std::size_t>(sizes & std::numeric_limits<std::uint32_t>::max(), capacity_);
    statement_text found{std::string(words_for(kept, sizeof(word)) * sizeof(word), '\0'), sizes >> 32U};
    for (std::size_t at = 0; at < kept; at += sizeof(word)) {
      const auto next = words_[at / sizeof(word)].load(std::memory_order_acquire);
      std::memcpy(found.text.data() + at, &next, sizeof next);
    }
    if (version_.load(std::memory_order_relaxed) != before) continue;
    found.text.resize(kept);
    return found;
  }
  return std::nullopt;
}

statement_slot* statement_pool::lend() {
  if (free_.empty()) {
    if (capacity_ == 0) return nullptr;
    free_.reserve(all_.size() + 1);  // taking one back never allocates
    return &all_.emplace_back(capacity_);
  }
  auto* const slot = free_.back();
  free_.pop_back();
  return slot;
}

}  // namespace sessiongate::session
