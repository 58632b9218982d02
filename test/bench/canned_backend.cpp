// bench_backend: a MySQL server that takes any login and answers every SELECT with one canned row, so that in front of
// it the proxy is what is measured. One thread, epoll.
//
//   bench_backend HOST:PORT
//
// As a real server does, it asks a client that named another plugin than mysql_native_password to switch: a proxy that
// passes authentication through costs one round trip more, and that belongs into the measurement.
#include "test/bench/canned_replies.hpp"
#include "test/bench/sockets.hpp"

#include "protocol/auth_packets.hpp"
#include "protocol/command.hpp"
#include "protocol/greeting.hpp"
#include "protocol/handshake_response.hpp"
#include "protocol/ok_packet.hpp"
#include "protocol/packet.hpp"

#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <vector>

namespace sessiongate::bench {

namespace {

constexpr auto password_plugin = "mysql_native_password";
constexpr auto nonce = "abcdefghijklmnopqrst";

constexpr protocol::capabilities offered =
    protocol::client_mysql | protocol::client_long_flag | protocol::client_found_rows | protocol::client_protocol_41 |
    protocol::client_secure_connection | protocol::client_plugin_auth | protocol::client_transactions |
    protocol::client_multi_statements | protocol::client_multi_results | protocol::client_ps_multi_results |
    protocol::client_connect_with_db | protocol::client_connect_attrs | protocol::client_plugin_auth_lenenc_data |
    protocol::client_session_track | protocol::client_deprecate_eof;

/// The replies for what this client negotiated, shared by all sessions that did the same.
canned_replies& replies_for(protocol::capabilities flags) {
  static std::map<protocol::capabilities, canned_replies> all;
  const auto that_matter = flags & offered & (protocol::client_deprecate_eof | protocol::client_session_track);
  return all.try_emplace(that_matter, that_matter).first->second;
}

bool is_select(protocol::bytes_view payload) {
  constexpr std::string_view word = "SELECT";
  const auto text = protocol::as_text(payload.subspan(1));
  return text.size() >= word.size() && ::strncasecmp(text.data(), word.data(), word.size()) == 0;
}

/// One connection. Its input waits while a large result is on its way.
class backend_session {
 public:
  backend_session(descriptor socket, std::uint32_t connection_id) : socket_(std::move(socket)) { greet(connection_id); }

  [[nodiscard]] const descriptor& socket() const { return socket_; }
  /// False when the session is over.
  bool read(std::span<std::uint8_t> buffer);
  bool flush();
  [[nodiscard]] bool has_output() const { return !out_.empty() || large_ != nullptr; }

  std::uint32_t watched = EPOLLIN;  // what epoll looks for

 private:
  enum class state : std::uint8_t { login, switching, commands, ended };

  void greet(std::uint32_t connection_id);
  void answer_all();
  void answer(protocol::bytes_view payload, std::uint8_t sequence_id);
  void answer_login(protocol::bytes_view payload, std::uint8_t sequence_id);
  void answer_command(protocol::bytes_view payload);
  void answer_query(protocol::bytes_view payload);
  void welcome(std::uint8_t sequence_id);
  void put(protocol::bytes_view packets) { out_.insert(out_.end(), packets.begin(), packets.end()); }
  [[nodiscard]] protocol::bytes_view rest() const;
  void advance(std::size_t size);

  descriptor socket_;
  state state_ = state::login;
  protocol::bytes in_;
  protocol::bytes out_;
  std::size_t sent_ = 0;  // of out_, or of the present block
  const large_result* large_ = nullptr;
  std::size_t blocks_left_ = 0;
  canned_replies* replies_ = nullptr;
  std::uint32_t statements_ = 0;
};

void backend_session::greet(std::uint32_t connection_id) {
  protocol::greeting hello;
  hello.server_version = "5.7.40-canned";
  hello.thread_id = connection_id;
  hello.nonce = nonce;
  hello.flags = offered;
  hello.collation = 45;  // utf8mb4_general_ci
  hello.status = protocol::status_autocommit;
  hello.auth_plugin = password_plugin;
  protocol::bytes payload;
  protocol::write_greeting(payload, hello);
  std::uint8_t sequence_id = 0;
  protocol::append_packet(out_, sequence_id, payload);
}

bool backend_session::read(std::span<std::uint8_t> buffer) {
  const auto got = ::recv(socket_.number(), buffer.data(), buffer.size(), 0);
  if (got == 0 || (got < 0 && errno != EAGAIN)) return false;
  if (got > 0) in_.insert(in_.end(), buffer.begin(), buffer.begin() + got);
  answer_all();
  return state_ != state::ended && flush();
}

void backend_session::answer_all() {
  std::size_t at = 0;
  while (large_ == nullptr && state_ != state::ended && in_.size() - at >= protocol::packet_header_size) {
    const auto header = protocol::load_packet_header(in_.data() + at);
    const auto size = protocol::packet_header_size + header.payload_length;
    if (in_.size() - at < size) break;
    answer(protocol::bytes_view(in_).subspan(at + protocol::packet_header_size, header.payload_length),
           header.sequence_id);
    at += size;
  }
  in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(at));
}

void backend_session::answer(protocol::bytes_view payload, std::uint8_t sequence_id) {
  if (state_ == state::login)
    answer_login(payload, sequence_id);
  else if (state_ == state::switching)
    welcome(sequence_id);
  else if (!payload.empty())
    answer_command(payload);
}

void backend_session::answer_login(protocol::bytes_view payload, std::uint8_t sequence_id) {
  const auto response = protocol::parse_handshake_response(payload);
  if (!response) {
    state_ = state::ended;
    return;
  }
  replies_ = &replies_for(response->flags);
  if (response->auth_plugin == password_plugin) {
    welcome(sequence_id);
    return;
  }
  state_ = state::switching;
  protocol::bytes request;
  protocol::write_auth_switch_request(request, {password_plugin, std::string(nonce) + '\0'});
  ++sequence_id;
  protocol::append_packet(out_, sequence_id, request);
}

void backend_session::welcome(std::uint8_t sequence_id) {
  state_ = state::commands;
  put(replies_->ok());
  out_[out_.size() - replies_->ok().size() + 3] = static_cast<std::uint8_t>(sequence_id + 1);
}

void backend_session::answer_command(protocol::bytes_view payload) {
  using protocol::command;
  switch (static_cast<command>(payload.front())) {
    case command::quit:
      state_ = state::ended;
      break;
    case command::stmt_close:
    case command::stmt_send_long_data:
      break;
    case command::query:
      answer_query(payload);
      break;
    case command::stmt_prepare:
      replies_->write_prepared(out_, ++statements_,
                               static_cast<std::uint16_t>(std::count(payload.begin(), payload.end(), '?')));
      break;
    case command::stmt_execute:
      put(replies_->binary_row());
      break;
    default:
      put(replies_->ok());
  }
}

void backend_session::answer_query(protocol::bytes_view payload) {
  if (const auto row_size = large_row_size(protocol::as_text(payload)); row_size > 0) {
    large_ = &replies_->large(row_size);
    blocks_left_ = large_->block_count;
    put(large_->head);
  } else {
    put(is_select(payload) ? replies_->text_row() : replies_->ok());
  }
}

protocol::bytes_view backend_session::rest() const {
  const auto whole = !out_.empty() ? protocol::bytes_view(out_) : protocol::bytes_view(large_->block);
  return whole.subspan(sent_);
}

void backend_session::advance(std::size_t size) {
  sent_ += size;
  if (!rest().empty()) return;
  sent_ = 0;
  if (!out_.empty()) {
    out_.clear();
  } else if (--blocks_left_ == 0) {
    put(large_->tail);
    large_ = nullptr;
    answer_all();
  }
}

bool backend_session::flush() {
  while (has_output()) {
    const auto left = rest();
    const auto put = ::send(socket_.number(), left.data(), left.size(), MSG_NOSIGNAL);
    if (put < 0) return errno == EAGAIN;
    advance(static_cast<std::size_t>(put));
  }
  return true;
}

class backend {
 public:
  explicit backend(const address& at) : listener_(listen_on(at)), epoll_(make_epoll()) {
    watch(epoll_, EPOLL_CTL_ADD, listener_, EPOLLIN, nullptr);
  }

  [[noreturn]] void run();

 private:
  void accept_all();
  void serve(backend_session& session, std::uint32_t events);

  descriptor listener_;
  descriptor epoll_;
  std::uint32_t connections_ = 0;
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(65536);
};

void backend::run() {
  std::array<epoll_event, 256> events{};
  for (;;) {
    const int count = ::epoll_wait(epoll_.number(), events.data(), static_cast<int>(events.size()), -1);
    for (const auto& event : std::span(events).first(static_cast<std::size_t>(std::max(count, 0)))) {
      if (event.data.ptr == nullptr)
        accept_all();
      else
        serve(*static_cast<backend_session*>(event.data.ptr), event.events);
    }
  }
}

void backend::accept_all() {
  for (auto socket = accept_from(listener_); socket.is_open(); socket = accept_from(listener_)) {
    auto session = std::make_unique<backend_session>(std::move(socket), ++connections_);
    if (!session->flush()) continue;
    watch(epoll_, EPOLL_CTL_ADD, session->socket(), EPOLLIN, session.get());
    session.release();  // epoll knows it from here on; serve() frees it
  }
}

void backend::serve(backend_session& session, std::uint32_t events) {
  const bool lives = (events & EPOLLOUT) != 0 ? session.flush() : session.read(buffer_);
  if (!lives) {
    delete &session;  // closing takes it out of epoll; a batch has one event for each session
    return;
  }
  const std::uint32_t wanted = session.has_output() ? EPOLLOUT : EPOLLIN;
  if (wanted == session.watched) return;
  session.watched = wanted;
  watch(epoll_, EPOLL_CTL_MOD, session.socket(), wanted, &session);
}

}  // namespace

}  // namespace sessiongate::bench

int main(int argc, char** argv) {
  using namespace sessiongate::bench;
  if (argc != 2) {
    std::fputs("usage: bench_backend HOST:PORT\n", stderr);
    return 2;
  }
  try {
    raise_descriptor_limit();
    backend(parse_address(argv[1])).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_backend: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
