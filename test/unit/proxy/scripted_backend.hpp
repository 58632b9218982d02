// A server that the test plays on its own reactor: it greets, lets in whoever comes or refuses, and answers statements
// with what the test says, or not at all.
#pragma once

#include "proxy/loopback.hpp"
#include "proxy/server_answers.hpp"

#include "admin/socket_address.hpp"
#include "protocol/greeting.hpp"
#include "session/endpoint.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::proxy::test {

class scripted_backend {
 public:
  /// At a port of its own, or at a Unix socket.
  explicit scripted_backend(asio::io_context& on, const session::endpoint& at = {"127.0.0.1", 0})
      : context_(on), acceptor_(on, admin::to_socket_address(at)), at_(at) {
    if (!at.is_unix()) at_ = admin::to_endpoint(acceptor_.local_endpoint());
    answers = {{"SHOW GLOBAL VARIABLES WHERE", rows_answer(2, {{"server_uuid", "one"}})},
               {"SHOW GLOBAL STATUS LIKE 'Uptime'", rows_answer(2, {{"Uptime", "60"}})},
               {"SHOW GRANTS", rows_answer(1, {{"GRANT PROCESS ON *.* TO `control`@`%`"}})},
               {"SELECT HOST FROM", rows_answer(1, {{"127.0.0.1:1"}})}};
    asio::co_spawn(on, accept(), asio::detached);
  }
  ~scripted_backend() { stop(); }
  scripted_backend(const scripted_backend&) = delete;
  scripted_backend& operator=(const scripted_backend&) = delete;

  [[nodiscard]] const session::endpoint& address() const { return at_; }

  /// What it says first, and what a login packet and each statement are answered: the longest beginning that fits says
  /// how. Empty: it closes instead. A statement that nothing fits is not answered.
  std::string greeting = packet_of(hello(), 0);
  std::string verdict = ok_answer(protocol::status_autocommit, 2);
  std::map<std::string, std::string, std::less<>> answers;
  bool leaves = false;  // with its greeting, before anybody can answer

  // What it has seen.
  std::size_t connections = 0;
  std::vector<std::string> logins;
  std::vector<std::string> asked;

  [[nodiscard]] std::size_t times_asked(std::string_view beginning) const {
    std::size_t times = 0;
    for (const auto& each : asked) times += each.starts_with(beginning) ? 1 : 0;
    return times;
  }
  /// As a server that ends.
  void close_connections() {
    for (auto& each : open_) close(each);
  }
  void stop() {
    error_code ignored;
    acceptor_.close(ignored);
    close_connections();
  }

  static constexpr protocol::capabilities capabilities =
      protocol::client_protocol_41 | protocol::client_secure_connection | protocol::client_plugin_auth;
  static protocol::bytes hello(protocol::capabilities flags = capabilities, std::uint32_t thread_id = 7) {
    protocol::greeting first;
    first.server_version = "11.8.0-MariaDB";
    first.thread_id = thread_id;
    first.nonce = "01234567890123456789";
    first.flags = flags;
    first.auth_plugin = "mysql_native_password";
    protocol::bytes payload;
    protocol::write_greeting(payload, first);
    return payload;
  }

 private:
  using socket = asio::generic::stream_protocol::socket;
  static constexpr auto io = asio::as_tuple(asio::use_awaitable);

  awaitable<void> accept() {
    while (true) {
      auto [ec, made] = co_await acceptor_.async_accept(io);
      if (ec) co_return;
      ++connections;
      open_.push_back(std::move(made));
      asio::co_spawn(context_, serve(open_.back()), asio::detached);
    }
  }
  awaitable<void> serve(socket& client) {
    if (leaves) {
      asio::write(client, asio::buffer(greeting));
      co_return close(client);
    }
    if (!co_await say(client, greeting)) co_return;
    const auto login = co_await hear(client);
    if (login) logins.push_back(*login);
    if (!login || !co_await say(client, verdict)) co_return;
    while (const auto command = co_await hear(client)) {
      if (command->empty()) co_return close(client);  // a login that is given up
      asked.push_back(command->substr(1));
      const auto* const answer = find_answer(asked.back());
      if (answer != nullptr && !co_await say(client, *answer)) co_return;
    }
  }
  [[nodiscard]] const std::string* find_answer(std::string_view statement) const {
    const std::string* found = nullptr;
    for (const auto& [beginning, answer] : answers) {
      if (statement.starts_with(beginning)) found = &answer;
    }
    return found;
  }
  static void close(socket& client) {
    error_code ignored;
    client.close(ignored);
  }
  static awaitable<bool> say(socket& client, const std::string& bytes) {
    if (bytes.empty()) close(client);
    const auto [ec, size] = co_await asio::async_write(client, asio::buffer(std::string(bytes)), io);
    co_return !ec && !bytes.empty();
  }
  static awaitable<std::optional<std::string>> hear(socket& client) {
    protocol::bytes head(protocol::packet_header_size);
    const auto [none, head_size] = co_await asio::async_read(client, asio::buffer(head), io);
    if (none) co_return std::nullopt;
    std::string payload(protocol::load_packet_header(head.data()).payload_length, '\0');
    const auto [ec, size] = co_await asio::async_read(client, asio::buffer(payload), io);
    if (ec) co_return std::nullopt;
    co_return payload;
  }

  asio::io_context& context_;
  asio::basic_socket_acceptor<asio::generic::stream_protocol> acceptor_;
  session::endpoint at_;
  std::list<socket> open_;  // closed ones, too: a coroutine may be about to see it
};

}  // namespace sessiongate::proxy::test
