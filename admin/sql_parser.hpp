// The SQL face of the admin commands: recognises them and turns them into a command. Everything else belongs to the
// backend and is never parsed beyond its first words.
//
// Recognised, in any case, with comments (/* */, -- , #) and white space in front and between words, and optional `;`
// behind:
//   what command_table.hpp lists
//   KILL [HARD|SOFT] [CONNECTION|QUERY] id          (MariaDB's KILL … ID n, USER n and QUERY ID n stay the backend's)
// id_operand.hpp tells what an id can be, kill_parser.hpp what may stand behind a kill's target.
#pragma once

#include "admin/command.hpp"
#include "admin/result.hpp"
#include "admin/statement_sieve.hpp"
#include "protocol/result_set_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sessiongate::admin {

/// An operand of a command that is a name or a text.
enum class text_operand : std::uint8_t { cluster, backend, setting, value };

struct statement {
  command what;
  bool own_session = false;  // CONNECTION_ID(): set_id() has to be given the caller's cs_id
  bool id_is_parameter = false;
  bool ss_id_is_parameter = false;
  bool number_is_parameter = false;                 // of a drain
  std::vector<text_operand> texts_as_parameters{};  // in the order of the text

  /// The `?` of a prepared statement that have no value yet.
  [[nodiscard]] std::uint16_t parameter_count() const;
};

struct not_ours {};

struct parse_options {
  bool prepared = false;             // `?` may stand for a value
  bool processlist_is_ours = false;  // SHOW [FULL] PROCESSLIST is answered by the proxy
};

/// Not ours: forward the text untouched. failure: ours, but malformed (5010, 21000).
std::variant<not_ours, statement, failure> parse_statement(std::string_view text, const parse_options& options);

/// Replaces the number of the session id of a command that has one.
void set_id(command& what, std::uint64_t id);

/// Puts values into the placeholders of a prepared statement, in the order of the text. Otherwise it says what is wrong
/// with the values, and nothing is changed.
[[nodiscard]] std::optional<std::string> bind_parameters(statement& prepared,
                                                         std::span<const protocol::result_cell> values);

/// A bound value as an id: an integer of any width and sign, or a text that parse_id() takes.
std::optional<std::uint64_t> to_id(const protocol::result_cell& bound);

}  // namespace sessiongate::admin
