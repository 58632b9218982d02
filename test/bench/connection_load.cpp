#include "test/bench/client.hpp"
#include "test/bench/load.hpp"
#include "test/bench/measuring.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <deque>
#include <exception>
#include <thread>
#include <vector>

namespace sessiongate::bench {

namespace {

double seconds_since(std::uint64_t begin_ns) {
  return static_cast<double>(now_ns() - begin_ns) / 1e9;
}

}  // namespace

void run_connections(const load_options& options) {
  std::vector<histogram> latencies(options.clients);
  std::vector<std::exception_ptr> failures(options.clients);
  await_start();
  const auto begin = now_ns();
  const auto end = begin + seconds_to_ns(options.seconds);
  {
    std::vector<std::jthread> threads;
    for (std::size_t index = 0; index < options.clients; ++index) {
      threads.emplace_back([&, index] {
        try {
          while (now_ns() < end) {
            const auto asked = now_ns();
            client connection(options.server);
            connection.run("SELECT 1");
            connection.quit();
            latencies[index].add(now_ns() - asked);
          }
        } catch (...) {
          failures[index] = std::current_exception();
        }
      });
    }
  }
  const auto seconds = seconds_since(begin);
  for (const auto& each : failures) {
    if (each) std::rethrow_exception(each);
  }
  for (std::size_t index = 1; index < options.clients; ++index) latencies[0].merge(latencies[index]);
  report(describe(latencies[0], seconds));
  await_end();
}

void run_results(const load_options& options) {
  std::vector<std::uint8_t> buffer(262144);
  client connection(options.server);
  await_start();
  histogram latencies;
  std::uint64_t size = 0;
  const auto begin = now_ns();
  const auto end = begin + seconds_to_ns(options.seconds);
  do {
    const auto asked = now_ns();
    size += connection.run(options.sql, buffer);
    latencies.add(now_ns() - asked);
  } while (now_ns() < end);
  const auto seconds = seconds_since(begin);
  auto result = describe(latencies, seconds);
  result["mb"] = static_cast<double>(size) / 1e6;
  result["mb_per_s"] = static_cast<double>(size) / 1e6 / seconds;
  report(result);
  await_end();
}

void run_idle(const load_options& options) {
  std::deque<client> sessions;
  for (std::size_t count = 0; count < options.clients; ++count) {
    sessions.emplace_back(options.server, options.tls).run("SELECT 1");
  }
  await_start();
  report({{"sessions", sessions.size()}});
  await_end();
  for (auto& each : sessions) each.quit();
}

}  // namespace sessiongate::bench
