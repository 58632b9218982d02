// The SQL face of the admin commands: recognises them and turns them into a command. Everything else belongs to the
// backend and is never parsed beyond its first words.
//
// Recognised, in any case, with comments (/* */, -- , #) and white space in front and between words, and optional `;`
// behind:
//   SHOW PROXYSESSION
//   SHOW PROXYSESSION ATTRIBUTE [id] [LIKE 'pattern']
//   KILL PROXYSESSION id [ss_id]
//   KILL [HARD|SOFT] [CONNECTION|QUERY] id          (MariaDB's KILL … ID n, USER n and QUERY ID n stay the backend's)
// An id is a decimal number, may have a sign (a negative one is a 32-bit id that a driver printed signed: two's
// complement), may be quoted ('5', "5"), and may be CONNECTION_ID() (the caller's own session) or, in a prepared
// statement, `?`. An ss_id is the same without sign and function.
#pragma once

#include "admin/command.hpp"
#include "admin/result.hpp"
#include "protocol/result_set_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

namespace sessiongate::admin {

/// A longer text is never ours: what has to be collected for parse_statement() is bounded by this.
inline constexpr std::size_t statement_size_max = std::size_t{16} * 1024;  // bytes

enum class sieve_verdict : std::uint8_t {
  not_ours,   // forward
  maybe,      // collect the whole statement, then parse_statement()
  need_more,  // the part that has arrived does not tell yet; never given when it is complete
};

/// Looks at the beginning of a statement's text. `complete`: this is all of it. Cheap for what is not ours: it is
/// called for each statement on the data path.
sieve_verdict sieve_statement(std::string_view text_so_far, bool complete);

struct statement {
  command what;
  /// A plain KILL: an id that the proxy does not know, or a session that the caller does not own, is the backend's to
  /// decide about; KILL PROXYSESSION is the proxy's alone.
  bool plain_kill = false;
  bool own_session = false;  // CONNECTION_ID(): set_id() has to be given the caller's cs_id
  bool id_is_parameter = false;
  bool ss_id_is_parameter = false;

  [[nodiscard]] std::uint16_t parameter_count() const {
    return static_cast<std::uint16_t>((id_is_parameter ? 1 : 0) + (ss_id_is_parameter ? 1 : 0));
  }
};

struct not_ours {};

/// Not ours: forward the text untouched. failure: ours, but malformed (5010, 21000).
std::variant<not_ours, statement, failure> parse_statement(std::string_view text, bool prepared);

/// Replaces the session id of a command that has one.
void set_id(command& what, std::uint64_t id);

/// Puts values into the placeholders of a prepared statement, in the order of the text. False, and nothing changed,
/// when there are not as many values as placeholders.
[[nodiscard]] bool bind_ids(statement& prepared, std::span<const std::uint64_t> values);

/// A decimal id with optional sign, as drivers write it; empty when it is none or out of range (-2^31 .. 2^64-1).
std::optional<std::uint64_t> parse_id(std::string_view text);

/// A bound value as an id: an integer of any width and sign, or a text that parse_id() takes.
std::optional<std::uint64_t> to_id(const protocol::result_cell& bound);

}  // namespace sessiongate::admin
