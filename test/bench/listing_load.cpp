#include "test/bench/client.hpp"
#include "test/bench/load.hpp"
#include "test/bench/measuring.hpp"

#include <nlohmann/json.hpp>

#include <sys/epoll.h>
#include <algorithm>
#include <array>
#include <vector>

namespace sessiongate::bench {

namespace {

constexpr std::uint64_t pause_ns = 100'000'000;  // without a listing, before each one

/// One thread serves both clients, so that what the listing's client does with its rows is small beside what the proxy
/// does for them: it follows them and throws them away.
class listing_load {
 public:
  explicit listing_load(const load_options& options)
      : options_(options), busy_(options.server), lister_(options.server) {
    watch(epoll_, EPOLL_CTL_ADD, busy_.socket(), EPOLLIN, &busy_);
    watch(epoll_, EPOLL_CTL_ADD, lister_.socket(), EPOLLIN, &lister_);
    write_query(query_, "SELECT 1");
    write_query(listing_, options.sql);
  }

  void run();

 private:
  void ask_busy();
  void read_one(client& from);
  void serve_until_listed();
  void serve_for(std::uint64_t duration_ns);
  void serve_once();
  double take_worst_us();

  const load_options& options_;
  client busy_;
  client lister_;
  descriptor epoll_ = make_epoll();
  protocol::bytes query_;
  protocol::bytes listing_;
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(65536);
  bool listed_ = false;
  std::uint64_t asked_ns_ = 0;
  std::uint64_t worst_ns_ = 0;
};

void listing_load::ask_busy() {
  asked_ns_ = now_ns();
  busy_.send(query_);
}

void listing_load::read_one(client& from) {
  const auto got = read_some(from.socket(), buffer_);
  const bool complete = from.follow(protocol::bytes_view(buffer_).first(got));
  if (!complete) return;
  if (&from == &lister_) {
    listed_ = true;
    return;
  }
  worst_ns_ = std::max(worst_ns_, now_ns() - asked_ns_);
  ask_busy();
}

void listing_load::serve_once() {
  std::array<epoll_event, 2> events{};
  const int count = ::epoll_wait(epoll_.number(), events.data(), static_cast<int>(events.size()), -1);
  // The busy client first: its latency is the measurement.
  for (auto* who : {&busy_, &lister_}) {
    for (int index = 0; index < count; ++index) {
      if (events[static_cast<std::size_t>(index)].data.ptr == who) read_one(*who);
    }
  }
}

void listing_load::serve_for(std::uint64_t duration_ns) {
  for (const auto end = now_ns() + duration_ns; now_ns() < end;) serve_once();
}

/// And until the query that was under way at the listing's end is answered.
void listing_load::serve_until_listed() {
  while (!listed_) serve_once();
  for (const auto last = asked_ns_; asked_ns_ == last;) serve_once();
}

double listing_load::take_worst_us() {
  return static_cast<double>(std::exchange(worst_ns_, 0)) / 1e3;
}

void listing_load::run() {
  std::vector<double> worst_us;
  std::vector<double> quiet_worst_us;
  std::vector<double> listing_us;
  await_start();
  ask_busy();
  serve_for(pause_ns);
  for (std::uint64_t round = 0; round < std::max<std::uint64_t>(options_.count, 1); ++round) {
    take_worst_us();
    serve_for(pause_ns);
    quiet_worst_us.push_back(take_worst_us());
    listed_ = false;
    const auto begin = now_ns();
    lister_.send(listing_);
    serve_until_listed();
    listing_us.push_back(static_cast<double>(now_ns() - begin) / 1e3);
    worst_us.push_back(take_worst_us());
  }
  report({{"worst_us", worst_us}, {"quiet_worst_us", quiet_worst_us}, {"listing_us", listing_us}});
  await_end();
}

}  // namespace

void run_listings(const load_options& options) {
  listing_load(options).run();
}

}  // namespace sessiongate::bench
