#include "proxy/replay_statements.hpp"

#include "proxy/snapshot_questions.hpp"

#include <algorithm>
#include <utility>

namespace sessiongate::proxy {

namespace {

using kind = user_variable::kind;

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    hex += digits[static_cast<std::uint8_t>(c) >> 4U];
    hex += digits[static_cast<std::uint8_t>(c) & 0xFU];
  }
  return hex;
}

std::string with_collation(std::string text, const user_variable& variable) {
  if (variable.character_set != "binary") text.append(" COLLATE ").append(variable.collation);
  return text;
}

std::string real_literal(std::string_view value) {
  if (value == "-0") return "-1e0 * 0e0";  // servers take the sign off a literal zero
  std::string text(value);
  return text.find_first_of("eE") == std::string::npos ? text + "e0" : text;
}

std::string literal(const user_variable& variable, std::string_view value) {
  switch (variable.type) {
    case kind::integer:
      return std::string(value);
    case kind::unsigned_integer:
      return "CAST(" + std::string(value) + " AS UNSIGNED)";
    case kind::decimal:
      return std::string(value) + (value.find('.') == std::string_view::npos ? "." : "");
    case kind::real:
      return real_literal(value);
    case kind::text:
      break;
  }
  return with_collation(hex_literal(value, variable.character_set), variable);
}

/// NULL keeps the type that the variable had.
std::string assignment_of(const user_variable& variable) {
  const auto name = '@' + quote_name(variable.name);
  if (variable.value) return name + " = " + literal(variable, *variable.value);
  const auto* const sample = variable.type == kind::text ? "" : "0";
  return name + " = " + literal(variable, sample) + ", " + name + " = NULL";
}

/// A text that is too long for one statement: its bytes first, its character set when they are complete.
void append_in_pieces(std::vector<std::string>& statements, const user_variable& variable, std::size_t piece_size) {
  const auto name = '@' + quote_name(variable.name);
  const std::string_view value = *variable.value;
  statements.push_back("SET " + name + " = " + hex_literal({}, "binary"));
  for (std::size_t from = 0; from < value.size(); from += piece_size) {
    std::string statement = "SET ";
    statement.append(name).append(" = CONCAT(").append(name).append(", ");
    statement.append(hex_literal(value.substr(from, piece_size), "binary")).append(")");
    statements.push_back(std::move(statement));
  }
  if (variable.character_set == "binary") return;
  statements.push_back("SET " + name + " = " +
                       with_collation("CONVERT(" + name + " USING " + variable.character_set + ")", variable));
}

}  // namespace

std::string hex_literal(std::string_view bytes, std::string_view character_set) {
  return '_' + std::string(character_set) + " X'" + to_hex(bytes) + "'";
}

std::string system_assignment(const system_variable& variable, bool quoted) {
  auto text = "SESSION " + variable.name + " = ";
  if (!variable.value) return text + "NULL";
  if (variable.is_number && !quoted) return text + *variable.value;
  return text + (variable.value->empty() ? "''" : hex_literal(*variable.value, "utf8mb4"));
}

std::vector<std::string> user_variable_settings(const std::vector<user_variable>& all, std::size_t size_max) {
  constexpr std::size_t around_value = 512;  // bytes: the longest name, in backticks, and a collation
  constexpr std::size_t piece_size_min = 128;
  const auto piece_size = std::max(piece_size_min, (std::max(size_max, around_value) - around_value) / 2);
  std::vector<std::string> statements;
  std::string next;
  for (const auto& each : all) {
    if (each.value && each.value->size() > piece_size && each.type == kind::text) {
      append_in_pieces(statements, each, piece_size);
      continue;
    }
    auto assignment = assignment_of(each);
    if (!next.empty() && next.size() + assignment.size() + 2 > size_max)
      statements.push_back(std::exchange(next, std::string()));
    next.append(next.empty() ? "SET " : ", ").append(assignment);
  }
  if (!next.empty()) statements.push_back(std::move(next));
  return statements;
}

}  // namespace sessiongate::proxy
