// What looking for hazards costs for one statement: nanoseconds for texts that sessions send (docs/performance.md).
#include "proxy/statement_hazards.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

int main() {
  const std::string long_insert = "INSERT INTO orders (customer, note) VALUES (7, '" + std::string(4000, 'n') + "')";
  const std::array<std::string_view, 6> texts{
      "SELECT id, name, price FROM products WHERE id = 123456 LIMIT 1",
      "SELECT c FROM sbtest1 WHERE id BETWEEN 4994 AND 5093 ORDER BY c",
      "INSERT INTO sbtest1 (id, k, c, pad) VALUES (0, 5013, '68487932199-96439406143', '22195207048-70116052123')",
      "UPDATE accounts SET balance = balance - 10.50 WHERE id IN (SELECT id FROM t WHERE x > 5)",
      "SET autocommit = 0",
      long_insert,
  };
  constexpr int rounds = 1000000;
  for (const auto text : texts) {
    std::uint64_t found = 0;
    const auto begin = std::chrono::steady_clock::now();
    for (int round = 0; round < rounds; ++round) found += sessiongate::proxy::find_hazards(text, true);
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    std::printf("%7.1f ns  %4zu bytes  %.60s%s\n", took.count() / rounds, text.size(), text.data(),
                found == 0 ? "" : "  (hazardous)");
  }
  return 0;
}
