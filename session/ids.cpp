#include "session/ids.hpp"

#include <random>

namespace sessiongate::session {

namespace {

std::uint64_t random_start() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32U | device();
}

}  // namespace

id_source::id_source() : next_client_(random_start()) {}

client_session_ids id_source::next_client_session() {
  const auto number = next_client_.fetch_add(1, std::memory_order_relaxed);
  const auto proxy_sessid = proxy_sessid_min | (number & (proxy_sessid_min - 1));
  return {cs_id_of(proxy_sessid), proxy_sessid};
}

}  // namespace sessiongate::session
