// The registry alone, without sockets, at a number of sessions: what it costs to enter one, to find one by each of its
// ids, to list all, and the memory of a record.
//
// usage: bench_registry_scale [sessions]
#include "session/registry.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace sessiongate::session;
using steady = std::chrono::steady_clock;

class lone_session final : public client_session {
 public:
  lone_session(client_session_ids ids, std::uint16_t port) : client_session(ids, {"10.0.0.7", port}, 1, "obdemo") {}
  void stop(stop_request /*why*/, stop_handler /*done*/) override {}
  void end_server_session(std::uint64_t /*ss_id*/, stop_request /*why*/, stop_handler /*done*/) override {}
  void stop_gently(gentle_stop /*how*/, stop_handler /*done*/) override {}
  void withdraw_stop(stop_mark /*mark*/) override {}
  using client_session::add_server_session;
  using client_session::publish_database;
  using client_session::publish_identity;
};

std::uint64_t resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::strtoull(line.c_str() + 6, nullptr, 10) * 1024;
  }
  return 0;
}

template <class Step>
void report(const char* name, std::size_t count, Step step) {
  const auto begun = steady::now();
  step();
  const auto passed = std::chrono::duration<double>(steady::now() - begun).count();
  std::printf("| %-28s | %10.0f | %8.3f |\n", name, passed * 1e9 / static_cast<double>(count), passed);
}

/// Every `count`th number there is, in an order that caches do not like.
template <class Step>
void for_each_scattered(std::size_t count, Step step) {
  constexpr std::size_t stride = 611'953;  // a prime
  for (std::size_t turn = 0, at = 0; turn < count; ++turn, at = (at + stride) % count) step(at);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  registry sessions;
  id_source ids;
  const auto backend = std::make_shared<const endpoint>(endpoint{"10.1.0.1", 3306});
  std::vector<std::shared_ptr<lone_session>> made(count);
  bool ok = true;

  const auto before = resident_bytes();
  std::printf("%zu sessions\n\n| step | ns each | seconds |\n|---|--:|--:|\n", count);
  report("make the record", count, [&] {
    for (std::size_t at = 0; at < count; ++at) {
      made[at] = std::make_shared<lone_session>(ids.next_client_session(), static_cast<std::uint16_t>(at));
      made[at]->publish_identity({"app", "sys", "obdemo", {}});
      made[at]->publish_database("shop");
      made[at]->add_server_session(std::make_shared<server_session>(
          ids.next_server_session(), backend, connection_origin{.connection_id = static_cast<std::uint32_t>(at + 1)}));
    }
  });
  const auto records = resident_bytes();
  report("enter it", count, [&] {
    for (std::size_t at = 0; at < count; ++at) {
      ok = sessions.add(made[at]) && sessions.bind(static_cast<std::uint32_t>(at + 1), made[at]->cs_id()) && ok;
    }
  });
  const auto entered = resident_bytes();
  report("find by cs_id", count, [&] {
    for_each_scattered(count, [&](std::size_t at) { ok = sessions.find(made[at]->cs_id()).size() == 1 && ok; });
  });
  report("find by connection_id", count,
         [&] { for_each_scattered(count, [&](std::size_t at) { ok = sessions.find(at + 1).size() == 1 && ok; }); });
  report("find by proxy_sessid", count, [&] {
    for_each_scattered(count, [&](std::size_t at) { ok = sessions.find(made[at]->proxy_sessid()).size() == 1 && ok; });
  });
  report("find what is not there", count,
         [&] { for_each_scattered(count, [&](std::size_t at) { ok = sessions.find(count + 1 + at).empty() && ok; }); });
  report("list all", count, [&] { ok = sessions.list().size() == count && ok; });
  report("remove", count, [&] {
    for (std::size_t at = 0; at < count; ++at) {
      sessions.unbind(static_cast<std::uint32_t>(at + 1), made[at]->cs_id());
      sessions.remove(made[at]->cs_id());
    }
  });
  std::printf("\nresident: %.0f bytes for each record, %.0f for its place in the registry\n",
              static_cast<double>(records - before) / static_cast<double>(count),
              static_cast<double>(entered - records) / static_cast<double>(count));
  return ok && sessions.size() == 0 ? 0 : 1;
}
