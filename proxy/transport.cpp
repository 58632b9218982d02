#include "proxy/transport.hpp"

#include <algorithm>
#include <utility>

namespace sessiongate::proxy {

io_result transport::receive_below(std::span<std::uint8_t> into) {
  return below_ ? below_->read_some(into) : socket_.receive(into);
}

io_result transport::send_below(protocol::bytes_view from) {
  return below_ ? below_->write_some(from) : socket_.send(from);
}

io_result transport::send_coded(protocol::bytes_view coded, std::size_t plain_size) {
  while (unsent_.empty() && !coded.empty()) {
    const auto put = send_below(coded);
    if (put.what == io_result::status::closed) return put;
    if (put.what == io_result::status::would_block) break;
    coded = coded.subspan(put.size);
  }
  if (unsent_.empty() && coded.empty()) return {io_result::status::done, plain_size, {}};
  unsent_.insert(unsent_.end(), coded.begin(), coded.end());
  owed_ += plain_size;
  return {io_result::status::would_block, 0, {}};
}

io_result transport::flush() {
  std::size_t sent = 0;
  io_result put;
  while (sent < unsent_.size()) {
    put = send_below(protocol::bytes_view(unsent_).subspan(sent));
    if (put.what != io_result::status::done) break;
    sent += put.size;
  }
  if (sent == unsent_.size())
    protocol::bytes().swap(unsent_);
  else
    unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(sent));
  return put;
}

std::optional<io_result> transport::settle(std::size_t offered) {
  if (unsent_.empty()) return std::nullopt;
  if (const auto put = flush(); put.what != io_result::status::done) return put;
  const auto paid = std::min(std::exchange(owed_, 0), offered);  // a last error may be shorter than what it cut off
  if (paid == 0) return std::nullopt;
  return io_result{io_result::status::done, paid, {}};
}

}  // namespace sessiongate::proxy
