#include "session/statement_slot.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <string>
#include <thread>

using namespace sessiongate::session;

TEST_CASE("a slot gives its owner's text, cut to what it holds, and the whole size") {
  statement_slot slot(16);
  CHECK_FALSE(slot.read(1));
  slot.write(1, "SELECT 1", 8);
  REQUIRE(slot.read(1));
  CHECK(slot.read(1)->text == "SELECT 1");
  CHECK(slot.read(1)->size == 8);
  CHECK_FALSE(slot.read(2));
  slot.write(2, "SELECT 'a text of more bytes than fit'", 5000);
  CHECK(slot.read(2)->text == "SELECT 'a text o");
  CHECK(slot.read(2)->size == 5000);
  CHECK_FALSE(slot.read(1));
  slot.write(2, "", 0);
  CHECK(slot.read(2)->text.empty());
}

TEST_CASE("every length from nothing to full comes back as it was") {
  statement_slot slot(40);
  for (std::size_t length = 0; length <= 40; ++length) {
    const auto text = std::string("0123456789abcdefghijklmnopqrstuvwxyzABCDEF").substr(0, length);
    slot.write(7, text, length);
    REQUIRE(slot.read(7));
    CHECK(slot.read(7)->text == text);
  }
}

TEST_CASE("a pool lends slots again, and none without a capacity") {
  statement_pool pool(64);
  auto* const first = pool.lend();
  auto* const second = pool.lend();
  CHECK(first != second);
  pool.take_back(*first);
  CHECK(pool.lend() == first);
  CHECK(pool.size() == 2);
  CHECK(statement_pool(0).lend() == nullptr);
}

TEST_CASE("a reader sees one text or another, never a mixture") {
  statement_slot slot(256);
  std::atomic<bool> stop{false};
  std::atomic<bool> mixed{false};
  std::atomic<int> seen{0};
  std::thread reader([&] {
    while (!stop.load(std::memory_order_relaxed)) {
      const auto found = slot.read(9);
      if (!found) continue;
      seen.fetch_add(1, std::memory_order_relaxed);
      const auto& text = found->text;
      const bool whole =
          text.size() == found->size && text.find_first_not_of(text.empty() ? 'x' : text[0]) == text.npos;
      if (!whole) mixed = true;
    }
  });
  for (int round = 0; round < 100000 || seen.load(std::memory_order_relaxed) < 10; ++round) {
    const std::string text(static_cast<std::size_t>(round % 257), static_cast<char>('a' + round % 26));
    slot.write(9, text, text.size());
    if (round % 64 == 0) std::this_thread::yield();
  }
  stop = true;
  reader.join();
  CHECK_FALSE(mixed);
}
