#include "admin/login_throttle.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace sessiongate::admin {

namespace ip = boost::asio::ip;

std::string throttle_key(std::string_view address) {
  boost::system::error_code error;
  const auto parsed = ip::make_address(std::string(address), error);
  if (error || parsed.is_v4()) return std::string(address);
  auto v6 = parsed.to_v6();
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6).to_string();
  constexpr std::size_t network = 8;  // bytes
  auto bytes = v6.to_bytes();
  std::fill(bytes.begin() + network, bytes.end(), std::uint8_t{0});
  return ip::address_v6(bytes).to_string();
}

login_throttle::clock::duration login_throttle::delay_after(unsigned failures) const {
  if (failures < options_.free_failures) return {};
  auto delay = options_.first_delay;
  for (auto count = options_.free_failures; count < failures && delay < options_.longest_delay; ++count) delay *= 2;
  return std::min(delay, options_.longest_delay);
}

std::optional<login_throttle::clock::duration> login_throttle::admit(std::string_view address, clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const auto found = sources_.find(throttle_key(address));
  if (found == sources_.end()) return clock::duration{};
  auto& [failures, last_failure, next_look] = found->second;
  if (now - last_failure >= options_.forget_after) {
    sources_.erase(found);
    return clock::duration{};
  }
  const auto at = std::max(now, next_look);
  if (at - now > options_.longest_delay) return std::nullopt;
  next_look = at + delay_after(failures);
  return at - now;
}

void login_throttle::failed(std::string_view address, clock::time_point now) {
  if (options_.longest_delay.count() == 0) return;
  const std::lock_guard lock(mutex_);
  auto key = throttle_key(address);
  if (!sources_.contains(key)) make_room();
  auto& mine = sources_[std::move(key)];
  if (now - mine.last_failure >= options_.forget_after) mine = {};
  ++mine.failures;
  mine.last_failure = now;
  mine.next_look = std::max(mine.next_look, now + delay_after(mine.failures));
}

void login_throttle::succeeded_fully(std::string_view address) {
  const std::lock_guard lock(mutex_);
  sources_.erase(throttle_key(address));
}

std::chrono::seconds login_throttle::longest_delay() const {
  return std::max(std::chrono::ceil<std::chrono::seconds>(options_.longest_delay), std::chrono::seconds(1));
}

std::size_t login_throttle::sources() const {
  const std::lock_guard lock(mutex_);
  return sources_.size();
}

void login_throttle::make_room() {
  if (sources_.size() < options_.sources_max) return;
  sources_.erase(std::ranges::min_element(
      sources_, {}, [](const auto& each) -> const clock::time_point& { return each.second.last_failure; }));
}

}  // namespace sessiongate::admin
