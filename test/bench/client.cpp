#include "test/bench/client.hpp"

#include "protocol/auth_packets.hpp"
#include "protocol/err_packet.hpp"
#include "protocol/greeting.hpp"
#include "protocol/handshake_response.hpp"
#include "protocol/ok_packet.hpp"
#include "protocol/packet.hpp"
#include "protocol/wire.hpp"

#include <array>
#include <stdexcept>

namespace sessiongate::bench {

namespace {

constexpr auto password_plugin = "mysql_native_password";
constexpr std::size_t proof_size = 20;  // bytes of that plugin's answer

/// What an ordinary driver asks for, without deprecate_eof: most connectors in use still go without.
constexpr protocol::capabilities wanted =
    protocol::client_mysql | protocol::client_long_flag | protocol::client_found_rows | protocol::client_protocol_41 |
    protocol::client_secure_connection | protocol::client_plugin_auth | protocol::client_transactions |
    protocol::client_multi_results | protocol::client_ps_multi_results | protocol::client_connect_with_db;

template <class Value>
Value checked(protocol::result<Value> parsed, const char* what) {
  if (!parsed) throw std::runtime_error(std::string("cannot read ") + what + ": " + parsed.error().message());
  return std::move(*parsed);
}

[[noreturn]] void throw_server_error(protocol::bytes_view payload) {
  const auto error = checked(protocol::parse_err_packet(payload), "an error");
  throw std::runtime_error("the server says " + std::to_string(error.code) + ": " + error.message);
}

protocol::handshake_response make_login(protocol::capabilities flags) {
  protocol::handshake_response response;
  response.flags = flags;
  response.packet_size_max = 1U << 24U;
  response.collation = 45;  // utf8mb4_general_ci
  response.user = "bench";
  response.auth_response = std::string(proof_size, 'p');
  response.database = "bench";
  response.auth_plugin = password_plugin;
  return response;
}

}  // namespace

client::client(const address& server, encryption tls) : socket_(connect_to(server)) {
  if (tls == encryption::from_start) tls_.emplace(socket_);
  log_in(tls);
}

void client::write(protocol::bytes_view from) {
  if (tls_)
    tls_->write_all(from);
  else
    write_all(socket_, from);
}

std::size_t client::read(std::span<std::uint8_t> into) {
  return tls_ ? tls_->read_some(into) : read_some(socket_, into);
}

void client::log_in(encryption tls) {
  std::uint8_t sequence_id = 0;
  const auto hello = read_packet(sequence_id);
  if (protocol::is_err_packet(hello)) throw_server_error(hello);
  const auto offered = checked(protocol::parse_greeting(hello), "the greeting").flags;
  auto flags = wanted & offered;
  if (tls == encryption::asked_for) {
    flags |= protocol::client_ssl;
    protocol::bytes request;
    protocol::write_ssl_request(request, make_login(flags));
    protocol::bytes packet;
    ++sequence_id;
    protocol::append_packet(packet, sequence_id, request);
    --sequence_id;
    write(packet);
    tls_.emplace(socket_);
  }
  protocol::bytes answer;
  protocol::write_handshake_response(answer, make_login(flags));
  for (;;) {
    protocol::bytes packet;
    ++sequence_id;
    protocol::append_packet(packet, sequence_id, answer);
    write(packet);
    const auto reply = read_packet(sequence_id);
    if (protocol::is_err_packet(reply)) throw_server_error(reply);
    if (!reply.empty() && reply.front() == protocol::ok_header) break;
    const auto asked = checked(protocol::parse_auth_switch_request(reply), "the login's answer");
    if (asked.plugin != password_plugin) throw std::runtime_error("the server wants " + asked.plugin);
    answer.assign(proof_size, 'p');
  }
  tracker_.negotiated(flags, flags);
}

protocol::bytes client::read_packet(std::uint8_t& sequence_id) {
  const auto read_whole = [this](std::size_t size) {
    protocol::bytes whole(size);
    for (std::size_t have = 0; have < size;) have += read(std::span(whole).subspan(have));
    return whole;
  };
  const auto header = protocol::load_packet_header(read_whole(protocol::packet_header_size).data());
  sequence_id = header.sequence_id;
  return read_whole(header.payload_length);
}

void client::send(protocol::bytes_view payload) {
  out_.clear();
  std::uint8_t sequence_id = 0;
  protocol::append_packet(out_, sequence_id, payload);
  const auto sent = static_cast<protocol::command>(payload.front());
  if (!protocol::has_no_response(sent)) tracker_.expect(sent);
  write(out_);  // on a socket that does not block, too: commands are small, and one is out at a time
}

bool client::follow(protocol::bytes_view input) {
  bool complete = false;
  while (!input.empty()) {
    const auto step = tracker_.advance(input);
    input = input.subspan(step.consumed);
    if (step.what == protocol::response_tracker::event::response_complete) complete = true;
  }
  if (complete && tracker_.last_error() != 0) {
    throw std::runtime_error("a command was answered with error " + std::to_string(tracker_.last_error()));
  }
  return complete;
}

std::uint64_t client::run(std::string_view sql) {
  std::array<std::uint8_t, 16384> buffer{};
  return run(sql, buffer);
}

std::uint64_t client::run(std::string_view sql, std::span<std::uint8_t> buffer) {
  protocol::bytes payload;
  write_query(payload, sql);
  send(payload);
  std::uint64_t size = 0;
  for (bool complete = false; !complete;) {
    const auto got = read(buffer);
    size += got;
    complete = follow(buffer.first(got));
  }
  return size;
}

std::uint32_t client::prepare(std::string_view sql) {
  protocol::bytes payload{static_cast<std::uint8_t>(protocol::command::stmt_prepare)};
  payload.insert(payload.end(), sql.begin(), sql.end());
  send(payload);
  protocol::bytes response;
  std::array<std::uint8_t, 16384> buffer{};
  for (bool complete = false; !complete;) {
    const auto got = protocol::bytes_view(buffer).first(read(buffer));
    response.insert(response.end(), got.begin(), got.end());
    complete = follow(got);
  }
  protocol::wire_reader reader(protocol::bytes_view(response).subspan(protocol::packet_header_size));
  reader.skip(1);
  return reader.read_u32();
}

void client::quit() {
  const std::array payload{static_cast<std::uint8_t>(protocol::command::quit)};
  send(payload);
}

void write_query(protocol::bytes& out, std::string_view sql) {
  out.assign(1, static_cast<std::uint8_t>(protocol::command::query));
  out.insert(out.end(), sql.begin(), sql.end());
}

void write_execute(protocol::bytes& out, std::uint32_t statement_id, std::uint32_t value) {
  out.assign(1, static_cast<std::uint8_t>(protocol::command::stmt_execute));
  protocol::wire_writer writer(out);
  writer.write_u32(statement_id);
  writer.write_u8(0);      // no cursor
  writer.write_u32(1);     // iterations
  writer.write_u8(0);      // no NULLs
  writer.write_u8(1);      // types follow
  writer.write_u16(0x03);  // a signed 32-bit integer
  writer.write_u32(value);
}

}  // namespace sessiongate::bench
