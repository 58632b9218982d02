#include "proxy/compressed_transport.hpp"

#include <array>

namespace sessiongate::proxy {

namespace {

constexpr std::size_t receive_max = std::size_t{64} * 1024;  // bytes

protocol::compression_pool& pool() {
  static thread_local protocol::compression_pool of_this_thread;
  return of_this_thread;
}

std::span<std::uint8_t> input_buffer() {
  static thread_local std::array<std::uint8_t, receive_max> buffer;
  return buffer;
}

protocol::bytes& output_buffer() {
  static thread_local protocol::bytes buffer;
  return buffer;
}

}  // namespace

compressed_transport::compressed_transport(stream& socket, const protocol::compressed_writer::options& how,
                                           protocol::bytes received)
    : transport(socket),
      reader_(how.algorithm, !how.sends_commands, pool()),
      writer_(how, pool()),
      kept_(std::move(received)) {}

void compressed_transport::keep(protocol::bytes_view rest) {
  if (rest.empty())
    protocol::bytes().swap(kept_);
  else if (kept_.empty())
    kept_.assign(rest.begin(), rest.end());
  else
    kept_.erase(kept_.begin(), kept_.end() - static_cast<std::ptrdiff_t>(rest.size()));  // it is its end
}

/// `input` is kept_, or what came when that was empty. What `into` has no room for is kept.
io_result compressed_transport::uncompress(protocol::bytes_view input, std::span<std::uint8_t> into) {
  const auto done = reader_.read(input, into);
  if (!done || done->began) writer_.answer(reader_.next_sequence_id());
  if (!done) return {io_result::status::closed, 0, done.error()};
  keep(input.subspan(done->consumed));
  if (done->produced == 0) return {io_result::status::would_block, 0, {}};
  return {io_result::status::done, done->produced, {}};
}

io_result compressed_transport::read_some(std::span<std::uint8_t> into) {
  if (!kept_.empty() || reader_.may_hold_output()) {
    const auto held = uncompress(kept_, into);
    if (held.what != io_result::status::would_block) return held;
  }
  const auto buffer = input_buffer();
  const auto got = receive_below(buffer);
  if (got.what != io_result::status::done) return got;
  return uncompress(buffer.first(got.size), into);
}

bool compressed_transport::holds_input() const {
  return !kept_.empty() || reader_.may_hold_output() || below_holds_input();
}

io_result compressed_transport::write_some(protocol::bytes_view from) {
  if (auto settled = settle(from.size())) return *settled;
  if (from.empty()) return {};
  auto& output = output_buffer();
  std::size_t written = 0;
  while (written < from.size()) {
    output.clear();
    const auto size = writer_.write(output, from.subspan(written));
    reader_.wrote(writer_.packet_id(), writer_.take_packet_begun(), writer_.next_sequence_id());
    const auto put = send_coded(output, size);
    if (put.what == io_result::status::closed) return put;
    if (put.what == io_result::status::would_block) break;
    written += size;
  }
  if (written == 0) return {io_result::status::would_block, 0, {}};
  return {io_result::status::done, written, {}};
}

}  // namespace sessiongate::proxy
