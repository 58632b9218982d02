#include "proxy/tls_transport.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include <algorithm>
#include <array>

namespace sessiongate::proxy {

namespace asio = boost::asio;

namespace {

constexpr std::size_t chunk_max = std::size_t{64} * 1024;  // bytes of one receive and of one write

/// Between two waits only: whatever has to outlive a call is kept with the connection.
std::span<std::uint8_t> input_buffer() {
  static thread_local std::array<std::uint8_t, chunk_max> buffer;
  return buffer;
}

protocol::bytes& output_buffer() {
  static thread_local protocol::bytes buffer;
  return buffer;
}

int take_output(BIO* /*bio*/, const char* data, std::size_t size, std::size_t* taken) {
  auto& output = output_buffer();
  output.insert(output.end(), data, data + size);
  *taken = size;
  return 1;
}

int give_input(BIO* bio, char* into, std::size_t size, std::size_t* given) {
  auto& input = static_cast<tls_transport::pipe*>(BIO_get_data(bio))->input;
  BIO_clear_retry_flags(bio);
  if (input.empty()) {
    BIO_set_retry_read(bio);
    return 0;
  }
  *given = std::min(size, input.size());
  std::copy_n(input.begin(), *given, into);
  input = input.subspan(*given);
  return 1;
}

long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* pipe_method() {
  static BIO_METHOD* const method = [] {
    auto* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sessiongate");
    BIO_meth_set_write_ex(made, take_output);
    BIO_meth_set_read_ex(made, give_input);
    BIO_meth_set_ctrl(made, control);
    return made;
  }();
  return method;
}

}  // namespace

tls_transport::tls_transport(stream& socket, ssl_handle ssl, protocol::bytes received)
    : transport(socket), ssl_(std::move(ssl)) {
  pipe_.kept = std::move(received);
  auto* bio = BIO_new(pipe_method());
  BIO_set_data(bio, &pipe_);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
}

/// What OpenSSL says of a call that gave nothing: end_ stays empty when it only wants more input.
void tls_transport::note_failure(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return;
    case SSL_ERROR_ZERO_RETURN:
      end_ = {io_result::status::closed, 0, {}};
      if (SSL_is_init_finished(ssl_.get()) == 0) end_->ec = asio::error::eof;
      return;
    default:
      end_ = {io_result::status::closed,
              0,
              {static_cast<int>(ERR_peek_error()), asio::error::get_ssl_category()}};  // the reason code is kept in it
      if (!end_->ec) end_->ec = asio::error::connection_aborted;
  }
}

io_result tls_transport::handshake() {
  pipe_.input = pipe_.kept;
  pipe_.input_is_kept = true;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) note_failure(result);
  keep_input();
  if (end_) return *end_;
  return {result == 1 ? io_result::status::done : io_result::status::would_block, 0, {}};
}

io_result tls_transport::receive_more() {
  const auto buffer = input_buffer();
  const auto got = receive_below(buffer);
  if (got.what == io_result::status::done) {
    pipe_.kept.insert(pipe_.kept.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(got.size));
  }
  return got;
}

io_result tls_transport::send_output() {
  auto& output = output_buffer();
  if (!output.empty()) {
    const auto put = send_coded(output, 0);
    output.clear();
    if (put.what != io_result::status::done) return put;
  }
  return flush();
}

std::string tls_transport::explain(const error_code& ec) const {
  const auto verified = SSL_get_verify_result(ssl_.get());
  if (verified != X509_V_OK) {
    return std::string("certificate verify failed: ") + X509_verify_cert_error_string(verified);
  }
  return ec.message();
}

/// Deciphers until `into` is full or the input is used up.
std::size_t tls_transport::decipher(std::span<std::uint8_t> into) {
  std::size_t size = 0;
  while (size < into.size()) {
    std::size_t got = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), into.data() + size, into.size() - size, &got);
    if (result != 1) {
      note_failure(result);
      break;
    }
    size += got;
  }
  return size;
}

void tls_transport::keep_input() {
  auto& kept = pipe_.kept;
  if (pipe_.input.empty())
    protocol::bytes().swap(kept);
  else if (pipe_.input_is_kept)
    kept.erase(kept.begin(), kept.end() - static_cast<std::ptrdiff_t>(pipe_.input.size()));
  else
    kept.assign(pipe_.input.begin(), pipe_.input.end());
  pipe_.input = {};
}

io_result tls_transport::read_some(std::span<std::uint8_t> into) {
  if (end_) return *end_;
  pipe_.input = pipe_.kept;
  pipe_.input_is_kept = true;
  auto size = decipher(into);
  if (size == 0 && !end_) {
    const auto buffer = input_buffer();
    const auto got = receive_below(buffer);
    if (got.what != io_result::status::done) {
      keep_input();
      return got;
    }
    pipe_.input = buffer.first(got.size);
    pipe_.input_is_kept = false;
    size = decipher(into);
  }
  keep_input();
  if (!output_buffer().empty()) send_output();  // an alert, or new keys; a failure shows at the next read or write
  if (size > 0) return {io_result::status::done, size, {}};
  return end_.value_or(io_result{io_result::status::would_block, 0, {}});
}

bool tls_transport::holds_input() const {
  return end_.has_value() || !pipe_.kept.empty() || SSL_pending(ssl_.get()) > 0;
}

io_result tls_transport::write_some(protocol::bytes_view from) {
  if (auto settled = settle(from.size())) return *settled;
  if (from.empty()) return {};
  const auto chunk = from.first(std::min(from.size(), chunk_max));
  auto& output = output_buffer();
  std::size_t written = 0;
  ERR_clear_error();
  const int result = SSL_write_ex(ssl_.get(), chunk.data(), chunk.size(), &written);
  if (result != 1) {
    output.clear();
    note_failure(result);
    return end_.value_or(io_result{io_result::status::closed, 0, asio::error::connection_aborted});
  }
  const auto put = send_coded(output, written);
  output.clear();
  return put;
}

/// A client learns that the end is no attack. Not behind an error: OpenSSL forbids it, and has sent an alert. A backend
/// is told nothing, as its own clients do: while a statement runs it takes unread bytes for a sign of life and goes on.
void tls_transport::finish() {
  const bool orderly = !end_ || !end_->ec;
  if (orderly && !holds_output() && SSL_is_init_finished(ssl_.get()) == 1) {
    ERR_clear_error();
    if (SSL_is_server(ssl_.get()) == 0) SSL_set_quiet_shutdown(ssl_.get(), 1);
    SSL_shutdown(ssl_.get());
    send_output();
  }
  ERR_clear_error();
  finish_below();
}

namespace {

/// Sends what the handshake put out, waiting where it must.
awaitable<error_code> deliver(stream& over, tls_transport& layer) {
  for (;;) {
    const auto put = layer.send_output();
    if (put.what != io_result::status::would_block) co_return put.ec;
    if (const auto ec = co_await over.writable()) co_return ec;
  }
}

tls_outcome lost(const error_code& ec) {
  return {ec, ec == asio::error::eof ? "the peer closed the connection" : ec.message(), false};
}

}  // namespace

awaitable<tls_outcome> start_tls(stream& over, ssl_handle ssl, protocol::bytes received) {
  auto layer = std::make_unique<tls_transport>(over, std::move(ssl), std::move(received));
  for (;;) {
    const auto step = layer->handshake();
    const auto ec = co_await deliver(over, *layer);
    if (step.what == io_result::status::closed) co_return tls_outcome{step.ec, layer->explain(step.ec), true};
    if (ec) co_return lost(ec);
    if (step.what == io_result::status::done) break;
    if (const auto closed = co_await over.readable()) co_return lost(closed);
    const auto got = layer->receive_more();
    if (got.what == io_result::status::closed) co_return lost(got.ec ? got.ec : error_code(asio::error::eof));
  }
  over.cover_with(std::move(layer));
  co_return tls_outcome{};
}

}  // namespace sessiongate::proxy
