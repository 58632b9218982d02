#include "protocol/compressed_packet.hpp"

#include "protocol/packet.hpp"
#include "protocol/wire.hpp"

#include <algorithm>

namespace sessiongate::protocol {

namespace {
constexpr std::size_t chunk_max = std::size_t{64} * 1024;  // bytes: a piece that fits into caches and socket buffers
}

result<compressed_reader::step> compressed_reader::read(bytes_view input, std::span<std::uint8_t> into) {
  if (failed_) return errc::malformed_compression;
  step done;
  const auto advanced = advance(input, into, done);
  failed_ = !advanced.has_value();
  if (failed_ && done.produced == 0) return errc::malformed_compression;
  if (failed_) done.consumed = input.size();
  full_ = failed_ || (done.produced == into.size() && in_piece_);
  return done;
}

result<void> compressed_reader::advance(bytes_view input, std::span<std::uint8_t> into, step& done) {
  for (;;) {
    if (!in_piece_) {
      const auto taken = std::min(head_.size() - head_size_, input.size());
      std::copy_n(input.begin(), taken, head_.begin() + static_cast<std::ptrdiff_t>(head_size_));
      input = input.subspan(taken);
      done.consumed += taken;
      head_size_ += taken;
      if (head_size_ < head_.size()) return {};
      if (const auto begun = begin_piece(); !begun) return begun.error();
      done.began = true;
    }
    if (unread_ > 0 && into.empty()) return {};
    const auto body = read_body(input, into);
    if (!body) return body.error();
    ids_.apply(into.first(body->produced));
    input = input.subspan(body->consumed);
    into = into.subspan(body->produced);
    done.consumed += body->consumed;
    done.produced += body->produced;
    if (in_piece_ && body->consumed == 0 && body->produced == 0) return {};
  }
}

result<void> compressed_reader::begin_piece() {
  wire_reader header(head_);
  rest_ = header.read_u24();
  const auto number = header.read_u8();
  ids_.begin_piece(number);
  next_sequence_id_ = static_cast<std::uint8_t>(number + 1);
  unread_ = header.read_u24();
  head_size_ = 0;
  in_piece_ = true;
  ended_ = unread_ == 0;
  if (unread_ == 0) {
    unread_ = rest_;
  } else {
    if (rest_ == 0) return errc::malformed_compression;
    running_ = pool_.take(algorithm_);
  }
  return {};
}

result<compressed_reader::step> compressed_reader::read_body(bytes_view input, std::span<std::uint8_t> into) {
  step done;
  input = input.first(std::min(rest_, input.size()));
  if (running_) {
    const auto some = uncompress(input, into);
    if (!some) return some.error();
    done = *some;
  } else {
    done.consumed = done.produced = std::min(input.size(), into.size());
    std::copy_n(input.begin(), done.consumed, into.begin());
  }
  rest_ -= done.consumed;
  unread_ -= done.produced;
  if (rest_ > 0 || (ended_ && unread_ > 0)) return done;
  if (ended_ && unread_ == 0) {
    if (running_) pool_.give_back(algorithm_, std::move(running_));
    in_piece_ = false;
  } else if (done.consumed == 0 && done.produced == 0 && !into.empty()) {
    return errc::malformed_compression;  // all of it is there, and there is no more in it
  }
  return done;
}

/// Once all announced bytes are out, only the end may follow: one byte of room shows whether that is so.
result<compressed_reader::step> compressed_reader::uncompress(bytes_view input, std::span<std::uint8_t> into) {
  std::array<std::uint8_t, 1> beyond{};
  const auto room = unread_ > 0 ? into.first(std::min(unread_, into.size())) : std::span<std::uint8_t>(beyond);
  const auto some = running_->run(input, room);
  if (!some) return some.error();
  if (unread_ == 0 && some->produced > 0) return errc::malformed_compression;
  ended_ = some->ended;
  const bool too_short = ended_ && (some->produced < unread_ || some->consumed < rest_);
  if (too_short) return errc::malformed_compression;
  return step{some->consumed, some->produced, false};
}

/// Walks along the packets and cuts where one of them starts a piece, and behind a chunk.
std::size_t compressed_writer::write(bytes& out, bytes_view plain) {
  const auto chunk = plain.first(std::min(plain.size(), chunk_max));
  std::size_t begin = 0;  // of the piece
  std::size_t at = 0;
  if (head_size_ > 0) begin = at = complete_head(out, chunk);
  while (at < chunk.size()) {
    if (rest_ > 0) {
      const auto size = std::min(rest_, chunk.size() - at);
      rest_ -= size;
      at += size;
    } else if (chunk.size() - at < packet_header_size) {
      break;
    } else {
      const auto header = load_packet_header(chunk.data() + at);
      if (const auto number = start_of(header.sequence_id)) {
        write_piece(out, chunk.subspan(begin, at - begin));
        begin = at;
        start(*number);
      }
      begin_packet(header);
      at += packet_header_size;
    }
  }
  write_piece(out, chunk.subspan(begin, at - begin));
  if (chunk.size() < plain.size()) return at;
  keep_head(chunk.subspan(at));
  return chunk.size();
}

/// Adds to the half of a head that was kept. The whole head makes a piece; gives how much of `plain` went into it.
std::size_t compressed_writer::complete_head(bytes& out, bytes_view plain) {
  const auto size = std::min(packet_header_size - head_size_, plain.size());
  keep_head(plain.first(size));
  if (head_size_ < packet_header_size) return size;
  const auto header = load_packet_header(head_.data());
  if (const auto number = start_of(header.sequence_id)) start(*number);
  begin_packet(header);
  head_size_ = 0;
  write_piece(out, head_);
  return size;
}

void compressed_writer::keep_head(bytes_view part) {
  std::ranges::copy(part, head_.begin() + static_cast<std::ptrdiff_t>(head_size_));
  head_size_ += part.size();
}

void compressed_writer::begin_packet(packet_header header) {
  rest_ = header.payload_length;
  packet_id_ = header.sequence_id;
  packet_begun_ = true;
}

/// Finds, by its number, what the next packet is: more of what was written before (none), or the start of something
/// new. That starts a piece, with this number.
std::optional<std::uint8_t> compressed_writer::start_of(std::uint8_t sequence_id) const {
  const bool goes_on = sequence_id == static_cast<std::uint8_t>(packet_id_ + 1);
  if (how_.sends_commands) {
    // Number 0 is a command's, unless it comes behind number 255 of a long upload.
    if (sequence_id == 0 && (!goes_on || heard_)) return std::uint8_t{0};
    if (goes_on || !heard_) return std::nullopt;
    return answer_id_;
  }
  // Commands that a client sends ahead are heard while the responses before are still written.
  const bool ahead = sequence_id != 1 && answer_id_ == 1;
  if (goes_on && (!heard_ || ahead)) return std::nullopt;
  return heard_ ? answer_id_ : sequence_id;
}

void compressed_writer::start(std::uint8_t number) {
  next_sequence_id_ = number;
  heard_ = false;
}

void compressed_writer::write_piece(bytes& out, bytes_view plain) {
  if (plain.empty()) return;
  const auto begin = out.size();
  wire_writer(out).write_zeros(compressed_header_size);
  const bool compressed = plain.size() >= how_.size_min && pool_.output(how_.algorithm).run(out, plain, how_.level);
  if (!compressed) out.insert(out.end(), plain.begin(), plain.end());
  bytes header;
  wire_writer writer(header);
  writer.write_u24(static_cast<std::uint32_t>(out.size() - begin - compressed_header_size));
  writer.write_u8(next_sequence_id_++);
  writer.write_u24(compressed ? static_cast<std::uint32_t>(plain.size()) : 0);
  std::ranges::copy(header, out.begin() + static_cast<std::ptrdiff_t>(begin));
}

}  // namespace sessiongate::protocol
