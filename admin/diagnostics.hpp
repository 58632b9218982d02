// What SHOW WARNINGS tells of a command that the proxy itself answered, as a server keeps it of its last statement.
// Pure functions; the session keeps it until its next command goes to the backend.
#pragma once

#include "admin/result.hpp"
#include "protocol/result_set_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::admin {

struct condition {
  enum class severity : std::uint8_t { note, warning, error };
  severity level = severity::note;
  std::uint16_t code = 0;
  std::string message;
};
using diagnostics = std::vector<condition>;

/// `plain`: it was MySQL's own KILL, which says nothing when it succeeds.
diagnostics diagnose(const result& of, bool plain);

/// A longer text is never a question about them.
inline constexpr std::size_t diagnostics_question_max = 512;  // bytes

struct diagnostics_answer {
  std::vector<protocol::result_column> columns;
  std::vector<protocol::result_row> rows;
};

/// The answer to `SHOW WARNINGS|ERRORS [LIMIT [n,] m]`, `SHOW COUNT(*) WARNINGS|ERRORS` and
/// `SELECT @@[SESSION.]warning_count|error_count, …`. None: the text is none of these.
std::optional<diagnostics_answer> answer_about(const diagnostics& last, std::string_view text);

}  // namespace sessiongate::admin
