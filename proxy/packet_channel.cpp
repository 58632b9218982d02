#include "proxy/packet_channel.hpp"

#include <boost/asio/error.hpp>

namespace sessiongate::proxy {

namespace asio = boost::asio;
using protocol::packet_header_size;

bool packet_channel::packet_complete() const {
  return inbox_.size() >= packet_header_size &&
         inbox_.size() >= packet_header_size + protocol::load_packet_header(inbox_.data()).payload_length;
}

bool packet_channel::too_large() const {
  return inbox_.size() >= packet_header_size &&
         protocol::load_packet_header(inbox_.data()).payload_length > payload_max_;
}

bool packet_channel::may_keep(std::size_t size) {
  constexpr std::size_t free_of_charge = std::size_t{16} * 1024;  // bytes
  if (budget_ == nullptr || size <= free_of_charge + charged_) return true;
  const auto more = size - free_of_charge - charged_;
  if (!budget_->take(more)) return false;
  charged_ += more;
  return true;
}

awaitable<error_code> packet_channel::receive() {
  if (const auto ec = co_await over_.readable()) co_return ec;
  take();
  co_return failure_;
}

/// Takes what has arrived.
void packet_channel::take() {
  const auto got = over_.read_some(scratch_);
  if (got.what == io_result::status::closed) failure_ = got.ec ? got.ec : asio::error::eof;
  const auto fresh = scratch_.first(got.size);
  if (!may_keep(inbox_.size() + fresh.size())) failure_ = asio::error::no_buffer_space;
  if (!failure_) inbox_.insert(inbox_.end(), fresh.begin(), fresh.end());
  OPENSSL_cleanse(fresh.data(), fresh.size());
}

bool packet_channel::fetch() {
  if (!packet_complete() && !failure_ && over_.is_open()) take();
  return packet_complete() || too_large() || failure_ || !over_.is_open();
}

awaitable<packet_channel::received> packet_channel::read() {
  while (!packet_complete()) {
    if (too_large()) co_return received{asio::error::message_size, {}, false};
    if (failure_) co_return received{failure_, {}, false};
    if (const auto ec = co_await over_.readable()) co_return received{ec, {}, false};
    take();
  }
  if (too_large()) co_return received{asio::error::message_size, {}, false};
  const auto header = protocol::load_packet_header(inbox_.data());
  const auto end = inbox_.begin() + packet_header_size + static_cast<std::ptrdiff_t>(header.payload_length);
  received packet{{}, secret_bytes(inbox_.begin() + packet_header_size, end), header.sequence_id == sequence_id_};
  secret_bytes(end, inbox_.end()).swap(inbox_);
  sequence_id_ = static_cast<std::uint8_t>(header.sequence_id + 1);
  co_return packet;
}

awaitable<error_code> packet_channel::write(protocol::bytes_view payload) {
  protocol::bytes packets;
  packets.reserve(payload.size() + packet_header_size);
  protocol::append_packet(packets, sequence_id_, payload);
  const auto ec = co_await over_.write_all(packets);
  OPENSSL_cleanse(packets.data(), packets.size());
  co_return ec;
}

protocol::bytes packet_channel::take_rest() {
  const secret_bytes rest = std::exchange(inbox_, {});
  return {rest.begin(), rest.end()};
}

}  // namespace sessiongate::proxy
