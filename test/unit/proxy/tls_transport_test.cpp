#include "proxy/tls_transport.hpp"

#include "proxy/poller_fixture.hpp"

#include <openssl/ssl.h>
#include <boost/asio/detached.hpp>

using namespace sessiongate;
using namespace sessiongate::proxy;
using poller_test::pair;

namespace {

config both_sides() {
  config settings;
  settings.client_tls_cert = "auto";
  settings.backend_tls = tls_mode::required;
  return settings;
}

/// Both ends of a connection on one thread: the proxy's side to clients, and its side to a backend.
struct encrypted {
  const config settings = both_sides();
  tls_context contexts{settings};
  test::reactor on;
  pair ends{on.sockets};
  stream& accepting = ends.left;
  stream& connecting = ends.right;
  tls_outcome accepted;
  tls_outcome connected;

  void shake_hands() {
    int open = 2;
    begin(accepting, contexts.accept(), accepted, open);
    begin(connecting, contexts.connect({"127.0.0.1", 3306}), connected, open);
    test::run_until(on.context, [&] { return open == 0; });
  }

 private:
  void begin(stream& over, ssl_handle ssl, tls_outcome& outcome, int& open) {
    boost::asio::co_spawn(on.context, start_tls(over, std::move(ssl), {}),
                          [&outcome, &open](const std::exception_ptr& thrown, tls_outcome what) {
                            CHECK_FALSE(thrown);
                            outcome = std::move(what);
                            --open;
                          });
  }
};

protocol::bytes counted(std::size_t size) {
  protocol::bytes made(size);
  for (std::size_t at = 0; at < size; ++at) made[at] = static_cast<std::uint8_t>(at % 251);
  return made;
}

detached_task send(stream& to, protocol::bytes_view from, bool& done) {
  const auto ec = co_await to.send_all(from);
  CHECK_FALSE(ec);
  done = true;
}

/// Reads in pieces of `piece` until `size` bytes are there, waiting in between as a relay does.
detached_task receive(stream& from, std::size_t size, std::size_t piece, protocol::bytes& into, bool& done) {
  protocol::bytes buffer(piece);
  while (into.size() < size && co_await from.until_readable()) {
    const auto got = from.read_some(buffer);
    REQUIRE(got.what != io_result::status::closed);
    into.insert(into.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(got.size));
  }
  done = true;
}

}  // namespace

TEST_CASE("a handshake makes both ends encrypted, and what is written arrives") {
  encrypted both;
  CHECK_FALSE(both.accepting.is_encrypted());
  both.shake_hands();
  CHECK_FALSE(both.accepted.ec);
  CHECK_FALSE(both.connected.ec);
  CHECK(both.accepting.is_encrypted());
  CHECK(both.connecting.is_encrypted());
  const auto size = GENERATE(1U, 16384U, 16385U, 65536U, 300'000U, 8'000'000U);
  const auto piece = GENERATE(7U, 4096U, 65536U);
  if (size > 1000 * piece) return;
  const auto sent = counted(size);
  for (auto* from : {&both.accepting, &both.connecting}) {
    auto& to = from == &both.accepting ? both.connecting : both.accepting;
    protocol::bytes received;
    bool all_sent = false;
    bool all_received = false;
    send(*from, sent, all_sent);
    receive(to, sent.size(), piece, received, all_received);
    test::run_until(both.on.context, [&] { return all_sent && all_received; });
    CHECK(received == sent);
  }
}

TEST_CASE("what does not fit into the reader's buffer is readable although the socket is empty") {
  encrypted both;
  both.shake_hands();
  const auto sent = counted(10'000);  // one record
  REQUIRE(both.accepting.write_some(sent).size == sent.size());
  protocol::bytes received;
  bool done = false;
  receive(both.connecting, sent.size(), 100, received, done);
  test::run_until(both.on.context, [&] { return done; });
  CHECK(received == sent);
}

TEST_CASE("a write that is stuck is not reported before it is gone, and may be followed by less than was left") {
  encrypted both;
  both.shake_hands();
  const auto chunk = counted(65536);
  std::size_t reported = 0;
  auto put = both.accepting.write_some(chunk);
  for (; put.what == io_result::status::done; put = both.accepting.write_some(chunk)) reported += put.size;
  CHECK(put.what == io_result::status::would_block);
  CHECK(both.accepting.write_some(chunk).what == io_result::status::would_block);
  protocol::bytes received;
  bool done = false;
  receive(both.connecting, reported + chunk.size() - 1, 65536, received, done);
  bool writable = false;
  const auto drain = [](stream& to, bool& seen) -> detached_task {
    const std::array<std::uint8_t, 1> one{0};
    while (co_await to.until_writable()) {
      const auto last = to.write_some(one);
      if (last.what == io_result::status::would_block) continue;
      CHECK(last.size == 1);  // never more than was offered, though 65536 bytes were owed
      break;
    }
    seen = true;
  };
  drain(both.accepting, writable);
  test::run_until(both.on.context, [&] { return done && writable; });
  for (std::size_t at = 0; at < received.size(); ++at) {
    if (received[at] != chunk[at % chunk.size()]) FAIL("differs at " << at);
  }
}

TEST_CASE("an orderly end is told, and ends the other side without an error") {
  encrypted both;
  both.shake_hands();
  REQUIRE(both.accepting.write_some(counted(100)).size == 100);
  both.accepting.close();
  protocol::bytes buffer(1000);
  poller_test::waking seen;
  poller_test::wait_readable(both.connecting, seen);
  test::run_until(both.on.context, [&] { return seen.count == 1; });
  const auto got = both.connecting.read_some(buffer);
  CHECK(got.size == 100);
  poller_test::wait_readable(both.connecting, seen);
  test::run_until(both.on.context, [&] { return seen.count == 2; });
  const auto end = both.connecting.read_some(buffer);
  CHECK(end.what == io_result::status::closed);
  CHECK_FALSE(end.ec);
}

TEST_CASE("bytes that are no TLS are an error, and stay one") {
  encrypted both;
  both.shake_hands();
  const std::array<std::uint8_t, 32> junk{};
  REQUIRE(both.accepting.send(junk).size == junk.size());  // past TLS
  poller_test::waking seen;
  poller_test::wait_readable(both.connecting, seen);
  test::run_until(both.on.context, [&] { return seen.count == 1; });
  protocol::bytes buffer(1000);
  for (int count = 0; count < 2; ++count) {
    const auto got = both.connecting.read_some(buffer);
    CHECK(got.what == io_result::status::closed);
    CHECK(got.ec);
  }
  CHECK(both.connecting.write_some(junk).what == io_result::status::closed);
}

TEST_CASE("the connection to a backend resumes the session of one before it") {
  encrypted first;
  for (const bool resumed : {false, true}) {
    pair ends(first.on.sockets);
    auto accept = first.contexts.accept();
    auto connect = first.contexts.connect({"127.0.0.1", 3306});
    auto* const looked_at = connect.get();
    boost::asio::co_spawn(first.on.context, start_tls(ends.left, std::move(accept), {}), boost::asio::detached);
    bool done = false;
    boost::asio::co_spawn(first.on.context, start_tls(ends.right, std::move(connect), {}),
                          [&done](const std::exception_ptr&, const tls_outcome& outcome) {
                            CHECK_FALSE(outcome.ec);
                            done = true;
                          });
    test::run_until(first.on.context, [&] { return done && ends.left.is_encrypted(); });
    CHECK((SSL_session_reused(looked_at) == 1) == resumed);
    // The ticket comes with what is read first.
    protocol::bytes buffer(100);
    REQUIRE(ends.left.write_some(counted(1)).size == 1);
    CHECK(ends.right.read_some(buffer).size == 1);
  }
}

TEST_CASE("a handshake ends when its stream is closed, and when the peer is no TLS") {
  encrypted both;
  const bool closed_here = GENERATE(true, false);
  tls_outcome outcome;
  bool done = false;
  boost::asio::co_spawn(both.on.context, start_tls(both.accepting, both.contexts.accept(), {}),
                        [&](const std::exception_ptr&, const tls_outcome& what) {
                          outcome = what;
                          done = true;
                        });
  test::run_for(both.on.context, std::chrono::milliseconds(10));
  CHECK_FALSE(done);
  if (closed_here)
    both.accepting.close();
  else
    REQUIRE(both.connecting.write_some(counted(100)).size == 100);
  test::run_until(both.on.context, [&] { return done; });
  CHECK(outcome.ec);
  CHECK(outcome.refused != closed_here);
  CHECK_FALSE(both.accepting.is_encrypted());
}
