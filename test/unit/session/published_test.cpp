#include "session/published.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

using sessiongate::session::published;

TEST_CASE("a reader's value stays as it was when the owner stores another") {
  published<std::string> value("first");
  const auto held = value.load();
  value.store("second");
  CHECK(*held == "first");
  CHECK(*value.load() == "second");
}

TEST_CASE("two readers share one copy") {
  const published<std::string> value("text");
  CHECK(value.load() == value.load());
}

namespace {

/// Says when it dies; copies and moved-from ones say nothing.
struct mortal {
  std::shared_ptr<std::function<void()>> at_end;
  explicit mortal(std::function<void()> with) : at_end(std::make_shared<std::function<void()>>(std::move(with))) {}
  mortal(mortal&&) = default;
  mortal& operator=(mortal&&) = default;
  mortal(const mortal&) = delete;
  mortal& operator=(const mortal&) = delete;
  ~mortal() {
    if (at_end) (*at_end)();
  }
};

}  // namespace

TEST_CASE("the old value dies outside of the lock") {
  int deaths = 0;
  published<mortal> value(mortal([] {}));
  value.store(mortal([&] {
    static_cast<void>(value.load());  // would wait for ever under the lock
    ++deaths;
  }));
  value.store(mortal([] {}));
  CHECK(deaths == 1);
}

TEST_CASE("readers on other threads see whole values, in order") {
  constexpr int rounds = 5000;
  published<std::vector<int>> value(std::vector<int>(8, 0));
  std::atomic<int> wrong{0};
  const auto read = [&] {
    for (int last = 0; last < rounds;) {
      const auto seen = value.load();
      for (const int each : *seen) {
        if (each != seen->front()) wrong.fetch_add(1);
      }
      if (seen->front() < last) wrong.fetch_add(1);
      last = seen->front();
    }
  };
  std::thread one(read);
  std::thread two(read);
  for (int round = 1; round <= rounds; ++round) value.store(std::vector<int>(8, round));
  one.join();
  two.join();
  CHECK(wrong.load() == 0);
}
