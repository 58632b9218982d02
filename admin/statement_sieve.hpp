// Which statements may be commands for the proxy, told from their first words. On the data path, for each statement:
// works on views, allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sessiongate::admin {

/// A longer text is never ours: what has to be collected for parse_statement() is bounded by this.
inline constexpr std::size_t statement_size_max = std::size_t{16} * 1024;  // bytes

enum class sieve_verdict : std::uint8_t {
  not_ours,   // forward
  maybe,      // collect the whole statement, then parse_statement()
  need_more,  // the part that has arrived does not tell yet; never given when it is complete
};

/// Looks at the beginning of a statement's text. `complete`: this is all of it. Cheap for what is not ours.
sieve_verdict sieve_statement(std::string_view text_so_far, bool complete);

}  // namespace sessiongate::admin
