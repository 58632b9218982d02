#include "proxy/poller.hpp"

#include "proxy/poller_fixture.hpp"

#include <boost/asio/post.hpp>

#include <array>
#include <memory>
#include <thread>
#include <vector>

using namespace sessiongate::proxy;
using namespace sessiongate::proxy::poller_test;
using namespace std::chrono_literals;

TEST_CASE_METHOD(fixture, "a reader is woken when there is something to read, and not before") {
  pair both(on.sockets);
  waking seen;
  wait_readable(both.left, seen);
  CHECK(rounds() <= few);
  CHECK(seen.count == 0);
  put_byte(both.right);
  run_until_woken(seen);
  CHECK(seen.open);
  take_byte(both.left);
  CHECK(rounds() <= few);
  CHECK(seen.count == 1);
}

TEST_CASE_METHOD(fixture, "a writer is woken when the socket takes bytes again") {
  pair both(on.sockets);
  const auto written = fill(both.left);
  waking seen;
  wait_writable(both.left, seen);
  CHECK(rounds() <= few);
  CHECK(seen.count == 0);
  std::vector<std::uint8_t> buffer(written);
  CHECK(both.right.read_some(buffer).size > 0);
  while (both.right.read_some(buffer).what == io_result::status::done) {
  }
  run_until_woken(seen);
  CHECK(seen.open);
}

TEST_CASE_METHOD(fixture, "bytes that nobody waits for do not make it spin, and are found by who waits later") {
  pair both(on.sockets);
  use_once(both.left, both.right);
  put_byte(both.right);
  CHECK(rounds() <= few);
  waking seen;
  wait_readable(both.left, seen);
  run_until_woken(seen);
  CHECK(seen.open);
}

TEST_CASE_METHOD(fixture, "after a read that filled its buffer the rest is found without another event") {
  pair both(on.sockets);
  const std::vector<std::uint8_t> sent(10, 'x');
  REQUIRE(both.right.write_some(sent).size == sent.size());
  std::array<std::uint8_t, 4> buffer{};
  for (const std::size_t expected : {4U, 4U, 2U}) {
    waking seen;
    wait_readable(both.left, seen);
    run_until_woken(seen);
    CHECK(both.left.read_some(buffer).size == expected);
  }
  waking seen;
  wait_readable(both.left, seen);
  CHECK(rounds() <= few);
  CHECK(seen.count == 0);  // the last read was short: that was all
  put_byte(both.right);
  run_until_woken(seen);
}

TEST_CASE_METHOD(fixture, "the peer's end is found behind its last words, although they came together") {
  test::connection both(on.sockets);
  waking words;
  waking end;
  wait_readable(both.near, words);
  both.send("x");
  both.close();
  std::this_thread::sleep_for(10ms);
  run_until_woken(words);
  take_byte(both.near);
  wait_readable(both.near, end);
  run_until_woken(end);
  std::array<std::uint8_t, 1> buffer{};
  CHECK(both.near.read_some(buffer).what == io_result::status::closed);
}

TEST_CASE_METHOD(fixture, "one who waits although a read would have done is woken") {
  pair both(on.sockets);
  use_once(both.left, both.right);
  put_byte(both.right);
  take_byte(both.left);  // without a wait
  put_byte(both.right);
  waking seen;
  wait_readable(both.left, seen);
  run_until_woken(seen);
  take_byte(both.left);
}

TEST_CASE_METHOD(fixture, "a hang-up that nobody waits for does not make it spin, and is found by who waits later") {
  test::connection both(on.sockets);
  waking first;
  wait_readable(both.near, first);
  both.send("x");
  run_until_woken(first);
  take_byte(both.near);
  if (GENERATE(true, false)) {
    both.close();
  } else {
    both.reset();
  }
  CHECK(rounds() <= few);
  waking seen;
  if (GENERATE(true, false)) {
    wait_readable(both.near, seen);
    run_until_woken(seen);
    CHECK(seen.open);
    std::array<std::uint8_t, 1> buffer{};
    CHECK(both.near.read_some(buffer).what == io_result::status::closed);
  } else {
    wait_writable(both.near, seen);
    run_until_woken(seen);
    CHECK(seen.open);
  }
}

TEST_CASE_METHOD(fixture, "a hang-up wakes a reader and a writer") {
  pair both(on.sockets);
  waking reader;
  waking writer;
  fill(both.left);
  wait_readable(both.left, reader);
  wait_writable(both.left, writer);
  CHECK(rounds() <= few);
  both.right.close();
  run_until_woken(reader);
  run_until_woken(writer);
  CHECK(reader.count == 1);
  CHECK(writer.count == 1);
  CHECK(rounds() <= few);
}

TEST_CASE_METHOD(fixture, "a reader gets its event although one for a writer that is gone comes first") {
  pair both(on.sockets);
  waking writer;
  wait_writable(both.left, writer);
  run_until_woken(writer);
  waking reader;
  wait_readable(both.left, reader);
  if (GENERATE(true, false)) CHECK(rounds() <= few);  // else both events come as one
  CHECK(reader.count == 0);
  put_byte(both.right);
  run_until_woken(reader);
  CHECK(reader.open);
  CHECK(rounds() <= few);
  CHECK(writer.count == 1);
}

TEST_CASE_METHOD(fixture, "a writer gets its event although one for a reader that is gone comes first") {
  pair both(on.sockets);
  use_once(both.left, both.right);
  put_byte(both.right);
  waking writer;
  wait_writable(both.left, writer);
  run_until_woken(writer);
  CHECK(writer.open);
  CHECK(rounds() <= few);
}

TEST_CASE_METHOD(fixture, "a reader and a writer of the same socket are both woken") {
  pair both(on.sockets);
  waking reader;
  waking writer;
  wait_readable(both.left, reader);
  wait_writable(both.left, writer);
  put_byte(both.right);
  run_until_woken(reader);
  run_until_woken(writer);
  CHECK(reader.count == 1);
  CHECK(writer.count == 1);
}

TEST_CASE_METHOD(fixture, "more sockets than one batch holds are all served") {
  std::vector<std::unique_ptr<pair>> pairs;
  std::vector<waking> seen(300);
  for (auto& each : seen) {
    pairs.push_back(std::make_unique<pair>(on.sockets));
    wait_readable(pairs.back()->left, each);
    put_byte(pairs.back()->right);
  }
  for (const auto& each : seen) run_until_woken(each);
  for (const auto& each : seen) CHECK(each.count == 1);
}

namespace {

detached_task wake_again(stream& on, int& wakes, const bool& enough) {
  while (!enough && co_await on.until_readable()) ++wakes;
}

detached_task pass_on(stream& from, stream& to, int& passed) {
  while (co_await from.until_readable()) {
    take_byte(from);
    ++passed;
    put_byte(to);
  }
}

}  // namespace

TEST_CASE_METHOD(fixture, "others still have their turn while sockets are busy all the time") {
  on.sockets.set_spin(GENERATE(0us, 5000us));
  pair ring(on.sockets);
  int passed = 0;
  pass_on(ring.left, ring.left, passed);
  pass_on(ring.right, ring.right, passed);
  put_byte(ring.left);
  const auto begun = std::chrono::steady_clock::now();
  test::run_until(on.context, [&] { return passed > 100; });
  bool turn = false;
  boost::asio::post(on.context, [&] { turn = true; });
  test::run_until(on.context, [&] { return turn; });
  CHECK(std::chrono::steady_clock::now() - begun < 10s);  // twice 80 ms at most, of a thread that runs
  ring.left.close();
  ring.right.close();
  test::run_for(on.context, 10ms);
}

TEST_CASE_METHOD(fixture, "others have their turn although one is woken again and again and never reads") {
  pair both(on.sockets);
  int wakes = 0;
  bool enough = false;
  wake_again(both.left, wakes, enough);
  put_byte(both.right);
  for (int turns = 1; turns <= 5; ++turns) {
    bool turn = false;
    test::run_until(on.context, [&] { return wakes >= 100 * turns; });
    boost::asio::post(on.context, [&] { turn = true; });
    test::run_until(on.context, [&] { return turn; });
  }
  CHECK(wakes < 1000);
  enough = true;
  CHECK(rounds() <= few);
}

TEST_CASE_METHOD(fixture, "with a spin it still sleeps when there is nothing to do") {
  on.sockets.set_spin(200us);
  pair both(on.sockets);
  use_once(both.left, both.right);
  CHECK(rounds() <= few);
}

TEST_CASE_METHOD(fixture, "a stopped poller lets the io_context run out of work") {
  pair both(on.sockets);
  use_once(both.left, both.right);
  on.sockets.stop();
  on.context.restart();
  on.context.run_for(10s);
  CHECK(on.context.stopped());
}
