#include "proxy/proxysys_statements.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

namespace sessiongate::proxy {

namespace {

using protocol::result_cell;

constexpr std::array<std::pair<std::string_view, std::string_view>, 31> variables{{
    {"auto_increment_increment", "1"},
    {"auto_increment_offset", "1"},
    {"autocommit", "1"},
    {"character_set_client", "utf8mb4"},
    {"character_set_connection", "utf8mb4"},
    {"character_set_database", "utf8mb4"},
    {"character_set_results", "utf8mb4"},
    {"character_set_server", "utf8mb4"},
    {"collation_connection", "utf8mb4_general_ci"},
    {"collation_database", "utf8mb4_general_ci"},
    {"collation_server", "utf8mb4_general_ci"},
    {"have_ssl", "DISABLED"},
    {"init_connect", ""},
    {"interactive_timeout", "28800"},
    {"license", "Apache-2.0"},
    {"lower_case_table_names", "0"},
    {"max_allowed_packet", "67108864"},
    {"net_buffer_length", "16384"},
    {"net_write_timeout", "60"},
    {"performance_schema", "0"},
    {"query_cache_size", "0"},
    {"query_cache_type", "OFF"},
    {"read_only", "0"},
    {"sql_mode", ""},
    {"system_time_zone", "UTC"},
    {"time_zone", "SYSTEM"},
    {"transaction_isolation", "REPEATABLE-READ"},
    {"transaction_read_only", "0"},
    {"tx_isolation", "REPEATABLE-READ"},
    {"version_comment", "sessiongate"},
    {"wait_timeout", "28800"},
}};

constexpr std::array accepted_first_words{"set", "use", "begin", "start", "commit", "rollback"};

std::string lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char each) { return static_cast<char>(std::tolower(each)); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n;";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// Clients put comments in front of their start-up statements to say who they are.
std::string_view without_comments(std::string_view text) {
  for (text = trimmed(text); text.starts_with("/*"); text = trimmed(text)) {
    const auto end = text.find("*/", 2);
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 2);
  }
  return text;
}

/// Cuts the first word off `text`, in lower case.
std::string take_word(std::string_view& text) {
  const auto end = std::min(text.find_first_of(" \t\r\n;("), text.size());
  auto word = lowered(text.substr(0, end));
  text = trimmed(text.substr(end));
  return word;
}

std::optional<std::string> variable(std::string_view name, const builtin_context& context) {
  for (const std::string_view scope : {"session.", "global.", "local."}) {
    if (name.starts_with(scope)) name.remove_prefix(scope.size());
  }
  if (name == "version") return context.server_version;
  const auto found = std::ranges::find(variables, name, [](const auto& each) { return each.first; });
  return found == variables.end() ? std::nullopt : std::optional(std::string(found->second));
}

std::optional<result_cell> value_of(const std::string& expression, const builtin_context& context) {
  if (expression.starts_with("@@")) {
    auto found = variable(std::string_view(expression).substr(2), context);
    return found ? std::optional<result_cell>(std::move(*found)) : std::nullopt;
  }
  if (expression == "1") return result_cell(std::string("1"));
  if (expression == "version()") return result_cell(context.server_version);
  if (expression == "connection_id()") return result_cell(std::to_string(context.cs_id));
  if (expression == "user()" || expression == "current_user()") return result_cell(std::string("root@proxysys"));
  if (expression == "database()" || expression == "schema()") return result_cell();
  return std::nullopt;
}

/// `@@a AS b, @@session.c, VERSION() LIMIT 1`
std::optional<builtin_rows> select(std::string_view list, const builtin_context& context) {
  if (const auto limit = lowered(list).rfind(" limit "); limit != std::string::npos) list = list.substr(0, limit);
  builtin_rows found;
  found.rows.emplace_back();
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    const auto item = trimmed(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    const auto alias = lowered(item).find(" as ");
    const auto name = alias == std::string::npos ? item : trimmed(item.substr(alias + 4));
    auto value = value_of(lowered(trimmed(item.substr(0, alias))), context);
    if (!value) return std::nullopt;
    found.columns.push_back({std::string(name), protocol::column_type::text});
    found.rows.front().push_back(std::move(*value));
  }
  return found.columns.empty() ? std::nullopt : std::optional(std::move(found));
}

std::optional<builtin_rows> show(std::string_view what) {
  using protocol::column_type;
  auto word = take_word(what);
  if (word == "session" || word == "global" || word == "local") word = take_word(what);
  if (word == "warnings" || word == "errors") {
    return builtin_rows{
        {{"Level", column_type::text}, {"Code", column_type::unsigned_integer}, {"Message", column_type::text}}, {}};
  }
  if (word == "collation") return builtin_rows{{{"Collation", column_type::text}, {"Id", column_type::text}}, {}};
  if (word == "databases" || word == "schemas") return builtin_rows{{{"Database", column_type::text}}, {}};
  if (word != "variables" && word != "status") return std::nullopt;
  builtin_rows found{{{"Variable_name", column_type::text}, {"Value", column_type::text}}, {}};
  if (word == "variables" && what.empty()) {
    for (const auto& [name, value] : variables) found.rows.push_back({std::string(name), std::string(value)});
  }
  return found;
}

}  // namespace

std::variant<builtin_unknown, builtin_ok, builtin_rows> answer_builtin(std::string_view text,
                                                                       const builtin_context& context) {
  text = without_comments(text);
  const auto word = take_word(text);
  if (std::ranges::find(accepted_first_words, word) != accepted_first_words.end()) return builtin_ok{};
  std::optional<builtin_rows> rows;
  if (word == "select")
    rows = select(text, context);
  else if (word == "show")
    rows = show(text);
  if (rows) return std::move(*rows);
  return builtin_unknown{};
}

}  // namespace sessiongate::proxy
