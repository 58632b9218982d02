// Any bytes can be taken for the answer to a statement, with rows in text or binary: each row has a cell for each
// column, whatever stops in the middle is told, and what is whole is read alike with anything behind it.
#include "proxy/text_answer.hpp"

#include "test/fuzz/round_trip.hpp"

#include <algorithm>

using namespace sessiongate;
using sessiongate::fuzz::require;

namespace {

void check(protocol::bytes_view packets, protocol::capabilities negotiated, protocol::row_format rows) {
  const auto read = proxy::read_answer(packets, negotiated, rows);
  if (read.malformed) return;
  if (!read.columns.empty()) {
    const auto is_whole = [&](const auto& row) { return row.size() == read.columns.size(); };
    require(std::ranges::all_of(read.rows, is_whole), "a cell for each column");
  }
  protocol::bytes longer(packets.begin(), packets.end());
  longer.push_back(0);
  require(read.rows == proxy::read_answer(longer, negotiated, rows).rows, "what stands behind makes no difference");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [negotiated, packets] = fuzz::split_input(data, size);
  check(packets, negotiated, protocol::row_format::text);
  check(packets, negotiated, protocol::row_format::binary);
  return 0;
}
