// A real server on a loopback port, spoken to with plain bytes.
#include "admin/http_server.hpp"

#include "test/unit/admin/fake_session.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sessiongate::admin {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using asio::ip::tcp;

class no_interrupter : public backend_interrupter {
 public:
  asio::awaitable<interrupt_answer> interrupt(backend_thread, interrupt_scope) override {
    co_return interrupt_answer{};
  }
};

http_server_options with_tokens() {
  http_server_options options;
  options.tokens.add("admin", token_role::admin, "secret");
  options.tokens.add("look", token_role::viewer, "viewer-secret");
  options.tokens.add("ops", token_role::operators, "operator-secret");
  return options;
}

class running_server {
 public:
  explicit running_server(http_server_options options = with_tokens()) {
    http_pages pages{.ready = [] { return false; },
                     .metrics = [] { return std::string("sessiongate_up 1\n"); },
                     .log =
                         [this](std::string_view line) {
                           const std::lock_guard lock(mutex_);
                           lines_.emplace_back(line);
                         }};
    server_.emplace(io_.get_executor(), tcp::endpoint(asio::ip::address_v4::loopback(), 0), std::move(options),
                    std::move(pages), context_);
    port_at_start_ = server_->port();
    server_->start();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~running_server() { stop(); }
  running_server(const running_server&) = delete;
  running_server& operator=(const running_server&) = delete;

  /// Returns when nothing of it runs any more.
  void stop() {
    server_->stop();
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return port_at_start_; }
  [[nodiscard]] std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

  session::registry sessions;

 private:
  no_interrupter interrupter_;
  execution_context context_{sessions, interrupter_, 1s, 1};
  asio::io_context io_{1};
  std::optional<http_server> server_;
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
  std::uint16_t port_at_start_ = 0;
  std::thread thread_;
};

class http_client {
 public:
  explicit http_client(std::uint16_t port) : socket_(io_) { socket_.connect({asio::ip::address_v4::loopback(), port}); }

  void send(std::string_view text) {
    boost::system::error_code ignored;
    asio::write(socket_, asio::buffer(text), ignored);
  }

  /// One response, head and body.
  std::string receive() {
    boost::system::error_code error;
    const auto head_size = asio::read_until(socket_, asio::dynamic_buffer(unread_), "\r\n\r\n", error);
    if (error) return {};
    const std::string name = "Content-Length: ";
    const auto at = unread_.find(name);
    const auto body_size = at < head_size ? std::stoul(unread_.substr(at + name.size())) : 0;
    const auto size = head_size + body_size;
    if (unread_.size() < size) {
      asio::read(socket_, asio::dynamic_buffer(unread_), asio::transfer_exactly(size - unread_.size()), error);
    }
    auto response = unread_.substr(0, size);
    unread_.erase(0, size);
    return response;
  }

  std::string ask(std::string_view method_and_target, std::string_view headers = "Authorization: Bearer secret\r\n") {
    send(std::string(method_and_target) + " HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n");
    return receive();
  }

  /// True when the server closes, false when it sends something.
  bool sees_close() {
    char byte = 0;
    boost::system::error_code error;
    return unread_.empty() && socket_.read_some(asio::buffer(&byte, 1), error) == 0 && error;
  }

  tcp::socket& socket() { return socket_; }

 private:
  asio::io_context io_;
  tcp::socket socket_;
  std::string unread_;
};

TEST_CASE("the API is served over one connection, request after request", "[admin][http_server]") {
  running_server server;
  const auto target = test::make_fake();
  REQUIRE(server.sessions.add(target));
  http_client client(server.port());
  CHECK(client.ask("GET /healthz", "").ends_with("\r\n\r\nok\n"));
  const auto not_ready = client.ask("GET /readyz", "");
  CHECK(not_ready.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  CHECK(client.ask("GET /metrics", "").ends_with("\r\n\r\nsessiongate_up 1\n"));
  const auto list = client.ask("GET /v1/sessions");
  CHECK(list.starts_with("HTTP/1.1 200 OK\r\nServer: sessiongate\r\nContent-Type: application/json\r\n"));
  CHECK(list.find("\"cs_id\":1073741825") != std::string::npos);
  CHECK(client.ask("GET /v1/sessions", "").starts_with("HTTP/1.1 401 Unauthorized\r\n"));
  CHECK(client.ask("GET /v1/sessions/7").starts_with("HTTP/1.1 404 Not Found\r\n"));
  CHECK(client.ask("DELETE /v1/sessions/1073741825").find("{\"outcome\":\"killed\"") != std::string::npos);
  CHECK(target->stopped_because.detail == "by token admin");

  const auto lines = server.lines();
  REQUIRE(lines.size() == 7);
  CHECK(lines[0].starts_with("127.0.0.1:"));
  CHECK(lines[0].ends_with(" GET /healthz 200 anonymous"));
  CHECK(lines[3].ends_with(" GET /v1/sessions 200 token admin 1 of 1 rows"));
  CHECK(lines[4].ends_with(" GET /v1/sessions 401 anonymous A bearer token is needed"));
  CHECK(lines[5].ends_with(" GET /v1/sessions/7 404 token admin unknown_id: Unknown thread id: 7"));
  CHECK(lines[6].find("DELETE /v1/sessions/1073741825 200 token admin killed cs_id=1073741825") != std::string::npos);
}

constexpr auto wrong_token = "Authorization: Bearer wrong\r\n";

TEST_CASE("the API is closed without one of the tokens", "[admin][http_server]") {
  running_server server;
  http_client client(server.port());
  for (const auto* header :
       {"", "Authorization: Bearer\r\n", "Authorization: Bearer \r\n", "Authorization: Bearer secre\r\n",
        "Authorization: Bearer secrets\r\n", "Authorization: Bearer Secret\r\n", "Authorization: Basic secret\r\n",
        "Authorization: secret\r\n", "Authorization: Bearer  secret\r\n"}) {
    for (const auto* target : {"/v1/sessions", "/v1/sessions/5", "/v1/sessions/abc", "/v1/nothing", "/v1"}) {
      CAPTURE(header, target);
      const auto answer = client.ask(std::string("GET ") + target, header);
      CHECK(answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"));
      CHECK(answer.find("WWW-Authenticate: Bearer\r\n") != std::string::npos);
    }
  }
  CHECK(client.ask("GET /v1/sessions", "Authorization: bEARER secret\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("without tokens the API is closed", "[admin][http_server]") {
  running_server server({});
  http_client client(server.port());
  const auto answer = client.ask("GET /v1/sessions", "Authorization: Bearer \r\n");
  CHECK(answer.starts_with("HTTP/1.1 401 "));
  CHECK(answer.find("No token is configured") != std::string::npos);
}

TEST_CASE("a token may what its role may", "[admin][http_server]") {
  running_server server;
  const auto target = test::make_fake();
  REQUIRE(server.sessions.add(target));
  http_client client(server.port());
  constexpr auto viewer = "Authorization: Bearer viewer-secret\r\n";
  CHECK(client.ask("GET /v1/sessions", viewer).starts_with("HTTP/1.1 200 "));
  const auto refused = client.ask("DELETE /v1/sessions/1073741825", viewer);
  CHECK(refused.starts_with("HTTP/1.1 403 Forbidden\r\n"));
  CHECK(refused.find("application/problem+json") != std::string::npos);
  CHECK(refused.find("token look may not kill_session") != std::string::npos);
  CHECK(client.ask("DELETE /v1/sessions/4711", viewer).starts_with("HTTP/1.1 403 "));
  CHECK(target->stopped_because.reason == session::stop_reason::none);
  constexpr auto operators = "Authorization: Bearer operator-secret\r\n";
  CHECK(client.ask("DELETE /v1/sessions/1073741825", operators).starts_with("HTTP/1.1 200 "));
  CHECK(target->stopped_because.detail == "by token ops");
}

TEST_CASE("who guesses tokens has to wait, and is refused when others of its address wait already",
          "[admin][http_server]") {
  login_throttle throttle({.longest_delay = 200ms, .first_delay = 100ms, .free_failures = 2});
  auto options = with_tokens();
  options.throttle = &throttle;
  running_server server(std::move(options));
  http_client client(server.port());
  for (int i = 0; i < 3; ++i) CHECK(client.ask("GET /v1/sessions", wrong_token).starts_with("HTTP/1.1 401 "));
  http_client waiting(server.port());
  waiting.send("GET /v1/sessions HTTP/1.1\r\nAuthorization: Bearer wrong\r\n\r\n");
  std::string refused;
  for (int i = 0; i < 10 && refused.empty(); ++i) {
    http_client other(server.port());
    other.send("GET /v1/sessions HTTP/1.1\r\nAuthorization: Bearer secret\r\n\r\n");
    http_client another(server.port());
    const auto answer = another.ask("GET /v1/sessions");
    if (answer.starts_with("HTTP/1.1 429 ")) refused = answer;
  }
  CHECK(refused.find("Retry-After: 1\r\n") != std::string::npos);
  CHECK(waiting.receive().starts_with("HTTP/1.1 401 "));
  CHECK(client.ask("GET /healthz", "").ends_with("ok\n"));
}

TEST_CASE("stopping does not wait for who has to wait", "[admin][http_server]") {
  login_throttle throttle({.longest_delay = 60'000ms, .first_delay = 60'000ms, .free_failures = 0});
  auto options = with_tokens();
  options.throttle = &throttle;
  running_server server(std::move(options));
  http_client client(server.port());
  CHECK(client.ask("GET /v1/sessions", wrong_token).starts_with("HTTP/1.1 401 "));
  client.send("GET /v1/sessions HTTP/1.1\r\nAuthorization: Bearer wrong\r\n\r\n");
  const auto begun = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(50ms);
  server.stop();
  CHECK(std::chrono::steady_clock::now() - begun < 5s);
}

TEST_CASE("pipelined requests are answered in order", "[admin][http_server]") {
  running_server server;
  http_client client(server.port());
  client.send(
      "GET /healthz HTTP/1.1\r\n\r\nGET /v2 HTTP/1.1\r\n\r\nGET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n");
  CHECK(client.receive().ends_with("\r\n\r\nok\n"));
  CHECK(client.receive().starts_with("HTTP/1.1 404 Not Found"));
  CHECK(client.receive().ends_with("\r\n\r\nsessiongate_up 1\n"));
  CHECK(client.sees_close());
}

TEST_CASE("a HEAD request gets no body", "[admin][http_server]") {
  running_server server;
  http_client client(server.port());
  client.send("HEAD /healthz HTTP/1.0\r\n\r\n");
  std::string all;
  boost::system::error_code error;
  asio::read(client.socket(), asio::dynamic_buffer(all), error);
  CHECK(error == asio::error::eof);
  CHECK(all.find("Content-Length: 3\r\n") != std::string::npos);
  CHECK(all.ends_with("\r\n\r\n"));
}

TEST_CASE("a request that cannot be read is refused and the connection closed", "[admin][http_server]") {
  running_server server({.header_max = 1024, .body_max = 1024});
  struct row {
    std::string text;
    std::string_view status;
  };
  const std::string long_header = "GET / HTTP/1.1\r\nX: " + std::string(4096, 'x') + "\r\n\r\n";
  const std::string endless_header = "GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x');
  const std::string long_body = "POST / HTTP/1.1\r\nContent-Length: 5000\r\n\r\n" + std::string(5000, 'x');
  for (const auto& each : {row{"garbage\r\n\r\n", "400"}, row{std::string("\x16\x03\x01\x02\0\x01\0\0", 8), "400"},
                           row{"GET / HTTP/9.9\r\n\r\n", "400"}, row{"GET  / HTTP/1.1\r\n\r\n", "400"},
                           row{"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "400"}, row{long_header, "431"},
                           row{endless_header, "431"}, row{long_body, "413"}}) {
    CAPTURE(each.text.substr(0, 40));
    http_client client(server.port());
    client.send(each.text);
    const auto response = client.receive();
    CHECK(response.substr(0, 12) == "HTTP/1.1 " + std::string(each.status));
    CHECK(response.find("Connection: close\r\n") != std::string::npos);
    CHECK(client.sees_close());
  }
}

TEST_CASE("a slow client is dropped", "[admin][http_server]") {
  running_server server({.request_timeout = 100ms});
  http_client silent(server.port());
  http_client slow(server.port());
  const auto begun = std::chrono::steady_clock::now();
  slow.send("GET /healthz HTTP/1.1\r\nX: ");
  for (int i = 0; i < 3; ++i) {
    std::this_thread::sleep_for(20ms);
    slow.send("x");
  }
  CHECK(slow.sees_close());
  CHECK(silent.sees_close());
  CHECK(std::chrono::steady_clock::now() - begun < 5s);
}

TEST_CASE("one connection too many is refused", "[admin][http_server]") {
  running_server server({.connections_max = 1});
  auto first = std::make_unique<http_client>(server.port());
  CHECK(first->ask("GET /healthz").ends_with("ok\n"));
  http_client second(server.port());
  CHECK(second.receive().starts_with("HTTP/1.1 503 "));
  CHECK(second.sees_close());
  CHECK(first->ask("GET /healthz").ends_with("ok\n"));
  first.reset();
  std::string answer;
  for (int tries = 0; tries < 100 && answer.empty(); ++tries) {
    std::this_thread::sleep_for(10ms);
    http_client third(server.port());
    answer = third.ask("GET /healthz");
    if (!answer.ends_with("ok\n")) answer.clear();
  }
  CHECK(answer.ends_with("ok\n"));
}

TEST_CASE("stopping closes idle connections and the listener", "[admin][http_server]") {
  running_server server;
  http_client client(server.port());
  CHECK(client.ask("GET /healthz").ends_with("ok\n"));
  server.stop();
  CHECK(client.sees_close());
  CHECK_THROWS_AS(http_client(server.port()), boost::system::system_error);
}

TEST_CASE("an address in use is told at start", "[admin][http_server]") {
  running_server server;
  session::registry sessions;
  no_interrupter interrupter;
  execution_context context{sessions, interrupter, 1s, 1};
  asio::io_context io(1);
  CHECK_THROWS_AS(
      http_server(io.get_executor(), tcp::endpoint(asio::ip::address_v4::loopback(), server.port()), {}, {}, context),
      boost::system::system_error);
}

}  // namespace
}  // namespace sessiongate::admin
