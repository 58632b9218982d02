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
  const auto got = over_.read_some(scratch_);
  if (got.what == io_result::status::closed) co_return got.ec ? got.ec : asio::error::eof;
  if (!may_keep(inbox_.size() + got.size)) co_return asio::error::no_buffer_space;
  inbox_.insert(inbox_.end(), scratch_.begin(), scratch_.begin() + static_cast<std::ptrdiff_t>(got.size));
  co_return error_code();
}

awaitable<packet_channel::received> packet_channel::read() {
  while (!packet_complete()) {
    if (too_large()) co_return received{asio::error::message_size, {}};
    if (const auto ec = co_await receive()) co_return received{ec, {}};
  }
  if (too_large()) co_return received{asio::error::message_size, {}};
  const auto header = protocol::load_packet_header(inbox_.data());
  const auto end = inbox_.begin() + packet_header_size + static_cast<std::ptrdiff_t>(header.payload_length);
  received packet{{}, protocol::bytes(inbox_.begin() + packet_header_size, end)};
  inbox_.erase(inbox_.begin(), end);
  sequence_id_ = static_cast<std::uint8_t>(header.sequence_id + 1);
  co_return packet;
}

awaitable<error_code> packet_channel::write(protocol::bytes_view payload) {
  protocol::bytes out;
  out.reserve(payload.size() + packet_header_size);
  protocol::append_packet(out, sequence_id_, payload);
  co_return co_await over_.write_all(out);
}

}  // namespace sessiongate::proxy
