#include "session/ids.hpp"

#include <random>

namespace sessiongate::session {

namespace {

constexpr std::uint32_t block_count = cs_id_min / id_source::block_size;

std::uint64_t random_start() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32U | device();
}

/// Of a cs_id, or of the number that it is made of: its low 30 bits.
constexpr std::uint32_t block_of(std::uint64_t number) {
  return static_cast<std::uint32_t>(number & (cs_id_min - 1)) / id_source::block_size;
}

constexpr std::uint32_t place_in_block(std::uint64_t number) {
  return static_cast<std::uint32_t>(number % id_source::block_size);
}

}  // namespace

id_source::id_source(clock::duration reuse_delay) : id_source(random_start(), reuse_delay) {}

id_source::id_source(std::uint64_t start, clock::duration reuse_delay)
    : reuse_delay_(reuse_delay), next_client_(start), ended_(block_count, clock::time_point::min()) {}

client_session_ids id_source::next_client_session(clock::time_point now) {
  const std::lock_guard lock(mutex_);
  while (true) {
    if (place_in_block(next_client_) == 0) enter_block(now);
    const auto proxy_sessid = proxy_sessid_min | (next_client_++ & (proxy_sessid_min - 1));
    if (!ahead_.contains(cs_id_of(proxy_sessid))) return {cs_id_of(proxy_sessid), proxy_sessid};
  }
}

/// `next_client_` is at the first id of a block: leaves out the blocks that have not rested long enough.
void id_source::enter_block(clock::time_point now) {
  ahead_.clear();
  auto rested_longest = next_client_;
  for (std::uint32_t tried = 0; tried < block_count; ++tried) {
    if (ended_[block_of(next_client_)] <= now - reuse_delay_) return;
    if (ended_[block_of(next_client_)] < ended_[block_of(rested_longest)]) rested_longest = next_client_;
    next_client_ += block_size;
  }
  next_client_ = rested_longest;
}

void id_source::retire(std::uint32_t cs_id, clock::time_point now) {
  if (reuse_delay_ <= clock::duration::zero()) return;
  const std::lock_guard lock(mutex_);
  ended_[block_of(cs_id)] = now;
  const bool to_come =
      block_of(cs_id) == block_of(next_client_) && place_in_block(cs_id) >= place_in_block(next_client_);
  if (to_come) ahead_.insert(cs_id);
}

}  // namespace sessiongate::session
