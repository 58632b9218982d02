#include "proxy/credential_metrics.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace sessiongate::proxy {

namespace {

/// Samples of the clusters whose credentials are of one kind, or of any.
class collector {
 public:
  explicit collector(const gateway& shared) : shared_(shared) {}

  template <class Take>
  metric of(credentials_mode wanted, metric made, Take take) const {
    for (const auto& each : shared_.clusters.all()) {
      const auto& store = each->credentials();
      const bool fits = wanted == credentials_mode::none ? store.mode() != wanted : store.mode() == wanted;
      if (fits) take(made, fmt::format("cluster=\"{}\"", escape_label(each->name())), store);
    }
    return made;
  }

 private:
  const gateway& shared_;
};

void add_sample(metric& to, const std::string& label, std::uint64_t value) {
  to.samples.push_back({fmt::format("{{{}}}", label), value});
}

void add_sample(metric& to, const std::string& label, std::string_view outcome, std::uint64_t value) {
  to.samples.push_back({fmt::format("{{{},outcome=\"{}\"}}", label, outcome), value});
}

void take_logins(metric& to, const std::string& label, const credential_store& of) {
  for (std::size_t at = 0; at < credential_outcome_names.size(); ++at) {
    add_sample(to, label, credential_outcome_names[at], of.counted().logins(static_cast<credential_outcome>(at)));
  }
}

std::uint64_t unix_seconds(credential_counters::clock::time_point at) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count());
}

}  // namespace

void add_credential_metrics(std::vector<metric>& all, const gateway& shared) {
  using label = const std::string&;
  using store = const credential_store&;
  using enum credentials_mode;
  constexpr auto any = none;
  const collector collect(shared);
  metric made[] = {
      collect.of(any, {"credentials", "gauge", "Credentials there are that no backend has refused.", {}},
                 [](metric& to, label of, store from) { add_sample(to, of, from.usable()); }),
      collect.of(any,
                 {"credential_logins_total",
                  "counter",
                  "Logins and changes of user, by what the proxy has to repeat them.",
                  {}},
                 take_logins),
      collect.of(learn, {"credential_logins_waiting", "gauge", "Those that wait for what their backend stores.", {}},
                 [](metric& to, label of, store from) { add_sample(to, of, from.learned().waiting()); }),
      collect.of(learn,
                 {"credential_reads_total", "counter", "Questions to backends for what they store of an account.", {}},
                 [](metric& to, label of, store from) {
                   add_sample(to, of, "read", from.counted().reads());
                   add_sample(to, of, "failed", from.counted().failed_reads());
                 }),
      collect.of(any, {"credential_refusals_total", "counter", "Credentials that a backend has refused.", {}},
                 [](metric& to, label of, store from) { add_sample(to, of, from.counted().refusals()); }),
      collect.of(users, {"users_file_reloads_total", "counter", "How often the users file was read again.", {}},
                 [](metric& to, label of, store from) {
                   add_sample(to, of, "loaded", from.counted().reloads());
                   add_sample(to, of, "failed", from.counted().failed_reloads());
                 }),
      collect.of(
          users,
          {"users_file_last_reload_successful", "gauge", "0 while the users file is one that cannot be used.", {}},
          [](metric& to, label of, store from) { add_sample(to, of, from.counted().last_reload_failed() ? 0 : 1); }),
      collect.of(
          users,
          {"users_file_last_success_timestamp_seconds",
           "gauge",
           "When the users file was read that is in use, in Unix time.",
           {}},
          [](metric& to, label of, store from) { add_sample(to, of, unix_seconds(from.counted().loaded_at())); }),
  };
  for (auto& each : made) {
    if (!each.samples.empty()) all.push_back(std::move(each));
  }
}

}  // namespace sessiongate::proxy
