#include "proxy/user_variable_questions.hpp"

#include "proxy/snapshot_questions.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace sessiongate::proxy {

namespace {

using session::recovery_obstacle;

// Bytes: of the column of a user variable that was never set, and of no other.
constexpr std::uint32_t unset_length = 1U << 24U;
constexpr std::size_t names_per_statement = 60;
constexpr std::size_t value_bytes_per_statement = 1U << 20U;

/// None for what no literal gives: MariaDB's geometries, and MySQL's NULL that has been an unsigned number.
std::optional<user_variable::kind> kind_of(const text_column& column) {
  using enum user_variable::kind;
  const bool is_unsigned = (column.flags & text_column::flag_unsigned) != 0;
  if (column.type == text_column::type_longlong) return is_unsigned ? unsigned_integer : integer;
  if (column.type == text_column::type_decimal) return decimal;
  if (column.type == text_column::type_double) return real;
  const bool is_text = column.type >= text_column::type_first_text && column.type <= text_column::type_last_text;
  return is_text && !is_unsigned ? std::optional(text) : std::nullopt;
}

}  // namespace

user_variable_questions::user_variable_questions(statement_dialogue& dialogue, session_snapshot& into,
                                                 const server_version& server, std::size_t size_max)
    : dialogue_(dialogue), into_(into), server_(server), size_max_(size_max) {}

void user_variable_questions::ask(std::vector<std::string> names, bool all_known) {
  constexpr std::uint32_t first_with_list = 50700;
  std::string statement;
  if (server_.is_mariadb) {
    statement = "SELECT VARIABLE_NAME FROM information_schema.USER_VARIABLES";
  } else if (const auto* const schema = find_variable(into_, "performance_schema");
             server_.number >= first_with_list && schema != nullptr && schema->value == "ON") {
    statement =
        "SELECT VARIABLE_NAME FROM performance_schema.user_variables_by_thread WHERE THREAD_ID ="
        " (SELECT THREAD_ID FROM performance_schema.threads WHERE PROCESSLIST_ID = CONNECTION_ID())";
  }
  into_.user.clear();
  if (statement.empty()) {
    if (!all_known) return dialogue_.fail(recovery_obstacle::unknown_user_variable, "");
    return ask_sizes(std::move(names));
  }
  statement += no_limit;
  dialogue_.ask(std::move(statement), [this, names = std::move(names), all_known](const text_answer& answer) {
    take_names(answer, names, all_known);
  });
}

void user_variable_questions::take_names(const text_answer& answer, const std::vector<std::string>& names,
                                         bool all_known) {
  if (answer.error) {  // no such table, or not for this account
    if (!all_known) return dialogue_.fail(recovery_obstacle::unknown_user_variable, answer.error->message);
    return ask_sizes(names);
  }
  std::vector<std::string> listed;
  listed.reserve(answer.rows.size());
  for (const auto& row : answer.rows) listed.push_back(row.empty() ? "" : row[0].value_or(""));
  ask_sizes(std::move(listed));
}

void user_variable_questions::ask_sizes(std::vector<std::string> names) {
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  sizes_.clear();
  unset_.clear();
  for (std::size_t from = 0; from < names.size(); from += names_per_statement) {
    const auto end = std::min(names.size(), from + names_per_statement);
    const std::vector<std::string> asked(names.begin() + static_cast<std::ptrdiff_t>(from),
                                         names.begin() + static_cast<std::ptrdiff_t>(end));
    std::string statement = "SELECT ";
    for (const auto& each : asked) statement.append("OCTET_LENGTH(@").append(quote_name(each)).append("), ");
    statement.replace(statement.size() - 2, 2, " LIMIT 1");
    dialogue_.ask(std::move(statement), [this, asked](const text_answer& answer) { take_sizes(answer, asked); });
  }
  dialogue_.then([this] { ask_values(); });
}

void user_variable_questions::take_sizes(const text_answer& answer, const std::vector<std::string>& names) {
  if (answer.error) return dialogue_.fail(recovery_obstacle::unknown_user_variable, answer.error->message);
  if (answer.rows.empty() || answer.rows[0].size() != names.size())
    return dialogue_.fail(recovery_obstacle::unknown_user_variable, "");
  for (std::size_t each = 0; each < names.size(); ++each) {
    auto& variable = into_.user.emplace_back();
    variable.name = names[each];
    sizes_.push_back(to_number(answer.rows[0][each]));
  }
}

void user_variable_questions::ask_values() {
  auto total = into_.size();
  for (const auto size : sizes_) total += size;
  if (total > size_max_) return dialogue_.fail(recovery_obstacle::state_too_large, "");
  for (std::size_t from = 0; from < into_.user.size();) {
    std::string statement = "SELECT ";
    std::size_t bytes = 0;
    auto end = from;
    do {
      const auto name = '@' + quote_name(into_.user[end].name);
      statement.append(name).append(", CHARSET(").append(name).append("), COLLATION(").append(name).append("), ");
      bytes += sizes_[end++];
    } while (end < into_.user.size() && end - from < names_per_statement &&
             bytes + sizes_[end] < value_bytes_per_statement);
    statement.replace(statement.size() - 2, 2, " LIMIT 1");
    dialogue_.ask(std::move(statement),
                  [this, from, count = end - from](const text_answer& answer) { take_values(answer, from, count); });
    from = end;
  }
  dialogue_.then([this] {
    const auto is_unset = [this](const user_variable& each) {
      return std::ranges::find(unset_, each.name) != unset_.end();
    };
    std::erase_if(into_.user, is_unset);
  });
}

void user_variable_questions::take_values(const text_answer& answer, std::size_t from, std::size_t count) {
  constexpr std::size_t per_name = 3;
  if (answer.error) return dialogue_.fail(recovery_obstacle::unknown_user_variable, answer.error->message);
  if (answer.rows.empty() || answer.rows[0].size() != count * per_name || answer.columns.size() != count * per_name)
    return dialogue_.fail(recovery_obstacle::unknown_user_variable, "");
  for (std::size_t each = 0; each < count; ++each) {
    auto& variable = into_.user[from + each];
    const auto* const cells = &answer.rows[0][each * per_name];
    const auto& column = answer.columns[each * per_name];
    if (!cells[0] && column.length == unset_length) unset_.push_back(variable.name);
    const auto type = kind_of(column);
    if (!type) return dialogue_.fail(recovery_obstacle::unknown_user_variable, '@' + variable.name);
    variable.type = *type;
    variable.value = cells[0];
    const bool is_wide = cells[0] && sizes_[from + each] >= 2 * cells[0]->size();
    // MySQL keeps a number in the characters that the connection had, in which it would not be set again.
    if (is_wide && variable.type != user_variable::kind::text && !server_.is_mariadb)
      return dialogue_.fail(recovery_obstacle::unknown_user_variable, '@' + variable.name);
    if (variable.type != user_variable::kind::text) continue;
    variable.character_set = cells[1].value_or("");
    variable.collation = cells[2].value_or("");
  }
}

}  // namespace sessiongate::proxy
