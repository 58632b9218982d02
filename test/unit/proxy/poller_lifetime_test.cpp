// Streams that are closed or freed while events for them are under way.
#include "proxy/poller_fixture.hpp"

#include <boost/asio/post.hpp>

#include <array>
#include <memory>
#include <thread>
#include <vector>

using namespace sessiongate::proxy;
using namespace sessiongate::proxy::poller_test;
using namespace std::chrono_literals;

namespace {

detached_task close_when_readable(stream& waited, stream& other, waking& seen) {
  seen.open = co_await waited.until_readable();
  ++seen.count;
  other.close();
}

detached_task free_when_readable(stream& waited, std::vector<std::unique_ptr<pair>>& others, waking& seen) {
  seen.open = co_await waited.until_readable();
  ++seen.count;
  others.clear();
}

detached_task free_when_writable(stream& waited, std::unique_ptr<pair>& both, waking& seen) {
  seen.open = co_await waited.until_writable();
  ++seen.count;
  both.reset();
}

}  // namespace

TEST_CASE_METHOD(fixture, "a waiter may close another stream whose event is in the same batch") {
  pair first(on.sockets);
  pair second(on.sockets);
  waking seen_first;
  waking seen_second;
  close_when_readable(first.left, second.left, seen_first);
  close_when_readable(second.left, first.left, seen_second);
  put_byte(first.right);
  put_byte(second.right);
  run_until_woken(seen_first);
  run_until_woken(seen_second);
  CHECK(seen_first.open != seen_second.open);  // whoever came first closed the other
  CHECK(rounds() <= few);
  CHECK(seen_first.count == 1);
  CHECK(seen_second.count == 1);
}

TEST_CASE_METHOD(fixture, "a waiter may free other streams whose events are in the same batch") {
  std::vector<std::unique_ptr<pair>> freed;
  for (int count = 0; count < 2; ++count) {
    freed.push_back(std::make_unique<pair>(on.sockets));
    use_once(freed.back()->left, freed.back()->right);
  }
  CHECK(rounds() <= few);  // epoll has forgotten in which order they were ready before
  pair waited(on.sockets);
  waking seen;
  free_when_readable(waited.left, freed, seen);
  put_byte(freed.front()->right);
  put_byte(waited.right);
  put_byte(freed.back()->right);
  run_until_woken(seen);
  CHECK(freed.empty());
  CHECK(rounds() <= few);
}

TEST_CASE_METHOD(fixture, "a writer may free its own stream although there is something to read, too") {
  auto freed = std::make_unique<pair>(on.sockets);
  use_once(freed->left, freed->right);
  put_byte(freed->right);
  waking seen;
  free_when_writable(freed->left, freed, seen);
  run_until_woken(seen);
  CHECK_FALSE(freed);
  CHECK(rounds() <= few);
}

TEST_CASE_METHOD(fixture, "a waiter may close its own stream, and the other waiter of it learns that") {
  pair both(on.sockets);
  fill(both.left);
  waking reader;
  waking writer;
  close_when_readable(both.left, both.left, reader);
  wait_writable(both.left, writer);
  writer.open = true;
  put_byte(both.right);
  run_until_woken(reader);
  run_until_woken(writer);
  CHECK(reader.open);
  CHECK_FALSE(writer.open);
  CHECK(rounds() <= few);
}

TEST_CASE_METHOD(fixture, "closing wakes reader and writer with a closed stream, later and not on the closer's stack") {
  pair both(on.sockets);
  fill(both.left);
  waking reader;
  waking writer;
  wait_readable(both.left, reader);
  wait_writable(both.left, writer);
  both.left.close();
  CHECK(reader.count == 0);
  CHECK(writer.count == 0);
  reader.open = writer.open = true;
  run_until_woken(reader);
  run_until_woken(writer);
  CHECK_FALSE(reader.open);
  CHECK_FALSE(writer.open);
  waking late;
  late.open = true;
  wait_readable(both.left, late);
  CHECK(late.count == 1);  // there is nothing to wait for
  CHECK_FALSE(late.open);
}

TEST_CASE_METHOD(fixture, "a socket that gets the number of a closed one has events of its own") {
  pair peers(on.sockets);
  auto closed = std::make_unique<pair>(on.sockets);
  use_once(closed->left, closed->right);
  put_byte(closed->right);
  closed.reset();
  pair again(on.sockets);
  waking seen;
  wait_readable(again.left, seen);
  CHECK(rounds() <= few);
  CHECK(seen.count == 0);
  put_byte(again.right);
  run_until_woken(seen);
  CHECK(seen.open);
}
