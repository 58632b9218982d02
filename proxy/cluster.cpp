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
  bool unwell = false;
  double place = 0;
  backend_ptr which;
};

/// By chance: each place is drawn among those that are left, in proportion to their weights.
double draw_place(std::uint32_t weight) {
  thread_local std::minstd_rand chance{std::random_device{}()};
  std::exponential_distribution<double> wait(1.0);
  return weight == 0 ? std::numeric_limits<double>::infinity() : wait(chance) / weight;
}

bool is_unwell(const backend& each) {
  return each.health() == backend_health::unreachable || each.health() == backend_health::unresolved;
}

}  // namespace

cluster::cluster(const config& settings, const cluster_settings& own, const auth_keys& keys, const tls_context& tls,
                 poller& home)
    : own_(own), recoveries_(settings.recovery_concurrency, 0), credentials_(settings, own) {
  for (const auto& each : own.backends) {
    backends_.push_back(std::make_shared<backend>(each.address, each.weight));
    controls_.push_back(std::make_unique<control_account>(settings, own, *backends_.back(), keys, tls, home));
  }
}

std::vector<backend_ptr> cluster::candidates() const {
  std::vector<turn> turns;
  turns.reserve(backends_.size());
  for (const auto& each : backends_) {
    const bool by_weight = own_.order == backend_order::weight;
    turns.push_back(
        {is_unwell(*each), by_weight ? draw_place(each->weight()) : static_cast<double>(turns.size()), each});
  }
  std::ranges::sort(turns, {}, [](const turn& each) { return std::tie(each.unwell, each.place); });
  std::vector<backend_ptr> all;
  all.reserve(turns.size());
  for (auto& each : turns) all.push_back(std::move(each.which));
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
