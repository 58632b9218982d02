#include "proxy/cluster.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <tuple>
#include <utility>

namespace sessiongate::proxy {

namespace {

/// Where a backend stands among those that are to be tried: the lowest comes first.
struct turn {
  backend_health::place place = backend_health::place::in_turn;
  double among = 0;
  backend_ptr which;
};

/// By chance: each place is drawn among those that are left, in proportion to their weights.
double draw_place(std::uint32_t weight) {
  thread_local std::minstd_rand chance{std::random_device{}()};
  std::exponential_distribution<double> wait(1.0);
  return weight == 0 ? std::numeric_limits<double>::infinity() : wait(chance) / weight;
}

health_limits limits_of(const config& settings) {
  return {settings.health_check_down, settings.health_check_up, settings.health_check_interval,
          settings.health_check_backoff_max};
}

}  // namespace

cluster::cluster(const config& settings, const cluster_settings& own, const auth_keys& keys, const tls_context& tls,
                 poller& home)
    : own_(own), recoveries_(settings.recovery_concurrency, 0), credentials_(settings, own) {
  for (const auto& each : own.backends) {
    backends_.push_back(std::make_shared<backend>(each.address, each.weight, limits_of(settings)));
    controls_.push_back(std::make_unique<control_account>(settings, own, *backends_.back(), keys, tls, home));
  }
}

/// Each in its place, and in the order among those of the same place.
std::vector<backend_ptr> cluster::candidates() const {
  const auto now = backend_health::clock::now();
  std::vector<turn> turns;
  turns.reserve(backends_.size());
  for (const auto& each : backends_) {
    if (each->drained()) continue;
    const auto among =
        own_.order == backend_order::weight ? draw_place(each->weight()) : static_cast<double>(turns.size());
    turns.push_back({each->health().claim_place(now), among, each});
  }
  std::ranges::sort(turns, {}, [](const turn& each) { return std::tie(each.place, each.among); });
  // Where all are down there is nothing to lose: one may be back.
  const bool any = !turns.empty() && turns.front().place != backend_health::place::out;
  std::vector<backend_ptr> all;
  all.reserve(turns.size());
  for (auto& each : turns) {
    if (any && each.place == backend_health::place::out) break;
    all.push_back(std::move(each.which));
  }
  return all;
}

std::shared_ptr<const protocol::greeting> cluster::last_greeting() const {
  const auto known = std::ranges::find_if(backends_, [](const auto& each) { return each->has_greeted(); });
  return (known == backends_.end() ? backends_.front() : *known)->last_greeting();
}

control_account& cluster::control(const backend& of) {
  const auto at = std::ranges::find(backends_, &of, &backend_ptr::get);
  return *controls_.at(static_cast<std::size_t>(at - backends_.begin()));
}

}  // namespace sessiongate::proxy
