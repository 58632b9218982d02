// Readers of a real server on a loopback port.
#include "admin/event_readers.hpp"

#include "admin/http_server.hpp"
#include "test/unit/admin/execute_fixture.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <thread>

namespace sessiongate::admin {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

http_server_options with(event_log& events, event_reader_limits limits = {}) {
  http_server_options options;
  options.tokens.add("admin", token_role::admin, "secret");
  options.events = &events;
  options.event_readers = limits;
  return options;
}

class running_server {
 public:
  explicit running_server(http_server_options options) {
    http_pages pages{.ready = [] { return true; }, .metrics = [] { return std::string(); }, .log = [](auto) {}};
    server_.emplace(io_.get_executor(), tcp::endpoint(asio::ip::address_v4::loopback(), 0), std::move(options),
                    std::move(pages), context_);
    port_ = server_->port();
    server_->start();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~running_server() { stop(); }
  running_server(const running_server&) = delete;
  running_server& operator=(const running_server&) = delete;

  void stop() {
    server_->stop();
    if (thread_.joinable()) thread_.join();
  }
  void change_tokens() {
    asio::post(io_, [this] { server_->set_tokens({}); });
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  session::registry sessions_;
  test::fake_interrupter interrupter_;
  execution_context context_{sessions_, interrupter_, 1s, 1};
  asio::io_context io_{1};
  std::optional<http_server> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

class reader {
 public:
  explicit reader(std::uint16_t port, std::string_view headers = {}, std::string_view version = "1.1") : socket_(io_) {
    socket_.open(tcp::v4());
    socket_.set_option(asio::socket_base::receive_buffer_size(4096));
    socket_.connect({asio::ip::address_v4::loopback(), port});
    const auto request = "GET /v1/events HTTP/" + std::string(version) +
                         "\r\nHost: x\r\nAuthorization: Bearer secret\r\nAccept: text/event-stream\r\n" +
                         std::string(headers) + "\r\n";
    asio::write(socket_, asio::buffer(request));
  }

  /// What has come up to `text`, and that. Empty when the server closes first.
  std::string read_to(std::string_view text) {
    boost::system::error_code error;
    const auto size = asio::read_until(socket_, asio::dynamic_buffer(unread_), text, error);
    if (error) return {};
    auto found = unread_.substr(0, size);
    unread_.erase(0, size);
    return found;
  }
  /// All that comes until the server closes.
  std::string read_all() {
    boost::system::error_code error;
    asio::read(socket_, asio::dynamic_buffer(unread_), error);
    CHECK(error == asio::error::eof);
    return unread_;
  }
  void close() { socket_.close(); }

 private:
  asio::io_context io_;
  tcp::socket socket_;
  std::string unread_;
};

template <class Condition>
bool comes_true(Condition condition) {
  for (int look = 0; look < 1000 && !condition(); ++look) std::this_thread::sleep_for(10ms);
  return condition();
}

void publish(event_log& log, std::string detail = "x") {
  log.publish({.type = event_type::backend_state, .detail = std::move(detail)});
}

TEST_CASE("a reader gets what happens from now on", "[admin][event_readers]") {
  event_log events(10);
  publish(events, "before");
  running_server server(with(events));
  reader first(server.port());
  CHECK(first.read_to("retry: 2000\n\n").starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(events.readers() == 1);
  publish(events, "one");
  publish(events, "two");
  const auto text = first.read_to("\"two\"");
  CHECK(text.find("\"one\"") != std::string::npos);
  CHECK(text.find("\"before\"") == std::string::npos);
}

TEST_CASE("a reader that comes back goes on where it was, and hears of a gap", "[admin][event_readers]") {
  event_log events(3);
  const auto begin = events.begin_after({}).after;
  for (const auto* each : {"1", "2", "3", "4", "5"}) publish(events, each);
  running_server server(with(events));
  reader back(server.port(), "Last-Event-ID: " + std::to_string(begin + 3) + "\r\n");
  const auto rest = back.read_to("\"detail\":\"5\"");
  CHECK(rest.find("\"detail\":\"4\"") != std::string::npos);
  CHECK(rest.find("\"detail\":\"3\"") == std::string::npos);
  CHECK(rest.find("event: gap") == std::string::npos);
  reader late(server.port(), "Last-Event-ID: " + std::to_string(begin + 1) + "\r\n");
  const auto missed = late.read_to("\"detail\":\"5\"");
  CHECK(missed.find("event: gap\ndata: {\"last_seen\":" + std::to_string(begin + 1)) != std::string::npos);
  CHECK(missed.find("\"missed\":1}") != std::string::npos);
  CHECK(missed.find("\"detail\":\"3\"") != std::string::npos);
}

TEST_CASE("heartbeats go on where nothing happens", "[admin][event_readers]") {
  event_log events(10);
  auto options = with(events, {.heartbeat = 20ms});
  options.request_timeout = 1s;  // does not end it
  running_server server(std::move(options));
  reader idle(server.port());
  for (int beat = 0; beat < 60; ++beat) CHECK_FALSE(idle.read_to(": heartbeat\nid: ").empty());
}

TEST_CASE("a reader that reads nothing is dropped, and holds up nobody", "[admin][event_readers]") {
  event_log events(50);
  running_server server(with(events));
  reader slow(server.port());
  reader quick(server.port());
  REQUIRE(comes_true([&] { return events.readers() == 2; }));
  quick.read_to("retry: 2000\n\n");
  const std::string much(4000, 'x');
  for (int round = 0; round < 400 && events.dropped_readers() == 0; ++round) {
    publish(events, much);
    CHECK_FALSE(quick.read_to("event: backend_state").empty());
  }
  slow.read_to("retry: 2000\n\n");
  std::string rest = "x";
  while (!rest.empty()) rest = slow.read_to("event: backend_state");  // what was on its way, and then the end
  CHECK(comes_true([&] { return events.dropped_readers() == 1; }));
  CHECK(comes_true([&] { return events.readers() == 1; }));
  publish(events, "still there");
  CHECK_FALSE(quick.read_to("still there").empty());
}

TEST_CASE("a reader that takes nothing for too long is dropped while nothing else happens", "[admin][event_readers]") {
  event_log events(1000);
  auto options = with(events);
  options.request_timeout = 1s;
  running_server server(std::move(options));
  const reader slow(server.port());
  REQUIRE(comes_true([&] { return events.readers() == 1; }));
  const std::string much(4000, 'x');
  for (int round = 0; round < 400; ++round) publish(events, much);
  CHECK(comes_true([&] { return events.dropped_readers() == 1 && events.readers() == 0; }));
}

TEST_CASE("a reader that goes is noticed at once", "[admin][event_readers]") {
  event_log events(10);
  running_server server(with(events));
  reader going(server.port());
  REQUIRE(comes_true([&] { return events.readers() == 1; }));
  going.close();
  CHECK(comes_true([&] { return events.readers() == 0; }));
  CHECK(events.dropped_readers() == 0);
}

TEST_CASE("one reader too many is refused, and connections have their own limit", "[admin][event_readers]") {
  event_log events(10);
  auto options = with(events, {.readers_max = 2});
  options.connections_max = 1;
  running_server server(std::move(options));
  reader first(server.port());
  first.read_to("retry: 2000\n\n");
  reader second(server.port());
  second.read_to("retry: 2000\n\n");
  reader third(server.port());
  CHECK(third.read_to("}\n").starts_with("HTTP/1.1 503 "));
  first.close();
  REQUIRE(comes_true([&] { return events.readers() == 1; }));
}

TEST_CASE("streams end as a whole when the server stops", "[admin][event_readers]") {
  event_log events(10);
  running_server server(with(events));
  reader chunked(server.port());
  reader plain(server.port(), {}, "1.0");
  REQUIRE(comes_true([&] { return events.readers() == 2; }));
  publish(events, "last");
  server.stop();
  const auto all = chunked.read_all();
  CHECK(all.find("\"last\"") != std::string::npos);
  CHECK(all.ends_with("\r\n0\r\n\r\n"));
  const auto old = plain.read_all();
  CHECK(old.find("chunked") == std::string::npos);
  CHECK(old.ends_with("}\n\n"));
  CHECK(events.readers() == 0);
}

TEST_CASE("with other tokens readers have to come back", "[admin][event_readers]") {
  event_log events(10);
  running_server server(with(events));
  reader one(server.port());
  one.read_to("retry: 2000\n\n");
  server.change_tokens();
  CHECK(one.read_all().ends_with("0\r\n\r\n"));
  reader again(server.port());
  CHECK(again.read_to("\r\n\r\n").starts_with("HTTP/1.1 401 "));
}

}  // namespace
}  // namespace sessiongate::admin
