#include "protocol/packet_renumbering.hpp"

#include "protocol/packet.hpp"

#include <algorithm>

namespace sessiongate::protocol {

namespace {

std::uint8_t behind(std::uint8_t id) {
  return static_cast<std::uint8_t>(id + 1);
}

}  // namespace

void packet_renumbering::begin_piece(std::uint8_t number) {
  const bool follows = number == behind(piece_);
  piece_ = number;
  if (rest_ > 0 || head_size_ > 0 || continues_) return;
  if (!reads_commands_) {
    restarts_ = !follows || (written_ && number == answer_);
  } else if (number == 0 && (!follows || written_)) {  // else that is behind 255, in a long upload
    commands_ = true;
  } else if (written_) {
    commands_ = false;
  }
}

std::uint8_t packet_renumbering::next_id() {
  if (continues_) return behind(id_);
  if (!reads_commands_ && !restarts_) return behind(id_);
  const bool answers = written_;
  written_ = false;
  restarts_ = false;
  if (reads_commands_ && commands_) return 0;
  if (answers) return behind(written_id_);
  return reads_commands_ ? behind(id_) : std::uint8_t{1};  // a pipelined command's response
}

void packet_renumbering::apply(std::span<std::uint8_t> plain) {
  while (!plain.empty()) {
    if (rest_ > 0) {
      const auto size = std::min(rest_, plain.size());
      rest_ -= size;
      plain = plain.subspan(size);
      continue;
    }
    constexpr std::uint8_t length_size = packet_header_size - 1;
    if (head_size_ < length_size) {
      length_ |= static_cast<std::uint32_t>(plain.front()) << (8U * head_size_);
      ++head_size_;
    } else {
      plain.front() = id_ = next_id();
      rest_ = length_;
      continues_ = length_ == packet_payload_max;
      length_ = 0;
      head_size_ = 0;
    }
    plain = plain.subspan(1);
  }
}

}  // namespace sessiongate::protocol
