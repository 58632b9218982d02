#include "proxy/proxysys_statements.hpp"

#include "admin/like_pattern.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>
#include <initializer_list>
#include <optional>
#include <utility>

namespace sessiongate::proxy {

namespace {

using protocol::result_cell;

constexpr std::array<std::pair<std::string_view, std::string_view>, 54> variables{{
    {"auto_increment_increment", "1"},
    {"auto_increment_offset", "1"},
    {"autocommit", "1"},
    {"basedir", ""},
    {"character_set_client", "utf8mb4"},
    {"character_set_connection", "utf8mb4"},
    {"character_set_database", "utf8mb4"},
    {"character_set_results", "utf8mb4"},
    {"character_set_server", "utf8mb4"},
    {"character_set_system", "utf8mb4"},
    {"collation_connection", "utf8mb4_general_ci"},
    {"collation_database", "utf8mb4_general_ci"},
    {"collation_server", "utf8mb4_general_ci"},
    {"datadir", ""},
    {"default_storage_engine", ""},
    {"event_scheduler", "OFF"},
    {"foreign_key_checks", "ON"},
    {"have_ssl", "DISABLED"},
    {"hostname", ""},
    {"init_connect", ""},
    {"innodb_version", ""},
    {"interactive_timeout", "28800"},
    {"license", "Apache-2.0"},
    {"log_bin", "OFF"},
    {"lower_case_table_names", "0"},
    {"max_allowed_packet", "67108864"},
    {"max_connections", "0"},
    {"net_buffer_length", "16384"},
    {"net_write_timeout", "60"},
    {"performance_schema", "0"},
    {"port", "0"},
    {"profiling", "OFF"},
    {"protocol_version", "10"},
    {"query_cache_size", "0"},
    {"query_cache_type", "OFF"},
    {"read_only", "0"},
    {"server_id", "0"},
    {"sql_auto_is_null", "OFF"},
    {"sql_mode", ""},
    {"sql_safe_updates", "OFF"},
    {"sql_select_limit", "18446744073709551615"},
    {"ssl_cipher", ""},
    {"storage_engine", ""},
    {"system_time_zone", "UTC"},
    {"time_zone", "SYSTEM"},
    {"transaction_isolation", "REPEATABLE-READ"},
    {"transaction_read_only", "0"},
    {"tx_isolation", "REPEATABLE-READ"},
    {"tx_read_only", "0"},
    {"unique_checks", "ON"},
    {"version_comment", "sessiongate"},
    {"version_compile_machine", ""},
    {"version_compile_os", "Linux"},
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

/// Without comments, and with the text of executable ones (`/*!40101 SET NAMES utf8mb4 */`) as text: what stands in
/// quotes is left alone.
std::string without_comments(std::string_view text) {
  std::string plain;
  char quote = '\0';
  bool executable = false;
  while (!text.empty()) {
    const char c = text.front();
    if (quote != '\0') {
      quote = c == quote ? '\0' : quote;
    } else if (c == '\'' || c == '"' || c == '`') {
      quote = c;
    } else if (text.starts_with("/*!")) {
      text.remove_prefix(std::min(text.find_first_not_of("0123456789", 3), text.size()));
      executable = true;
      continue;
    } else if (text.starts_with("/*")) {
      const auto end = text.find("*/", 2);
      if (end == std::string_view::npos) return {};
      text.remove_prefix(end + 2);
      plain += ' ';
      continue;
    } else if (executable && text.starts_with("*/")) {
      text.remove_prefix(2);
      executable = false;
      continue;
    }
    plain += c;
    text.remove_prefix(1);
  }
  return plain;
}

/// What stands in quotes.
std::vector<std::string> quoted_texts(std::string_view text) {
  std::vector<std::string> found;
  while (true) {
    const auto begin = text.find_first_of("'\"");
    if (begin == std::string_view::npos) return found;
    const auto end = text.find(text[begin], begin + 1);
    if (end == std::string_view::npos) return found;
    found.push_back(lowered(text.substr(begin + 1, end - begin - 1)));
    text.remove_prefix(end + 1);
  }
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

/// The proxy's clock is UTC for its clients: time_zone is SYSTEM and system_time_zone UTC.
std::string time_text() {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(std::time(nullptr)));
}

/// The first comma that does not stand in brackets or quotes.
std::size_t find_comma(std::string_view list) {
  int depth = 0;
  char quote = '\0';
  for (std::size_t at = 0; at < list.size(); ++at) {
    const char c = list[at];
    if (quote != '\0') {
      quote = c == quote ? '\0' : quote;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '(' || c == ')') {
      depth += c == '(' ? 1 : -1;
    } else if (c == ',' && depth == 0) {
      return at;
    }
  }
  return list.size();
}

std::optional<result_cell> value_of(const std::string& expression, const builtin_context& context) {
  if (expression.starts_with("@@")) {
    auto found = variable(std::string_view(expression).substr(2), context);
    return found ? std::optional<result_cell>(std::move(*found)) : std::nullopt;
  }
  const bool digits = expression.find_first_not_of("0123456789") == std::string::npos;
  if (digits && !expression.empty() && expression.size() < 19) return result_cell(expression);
  if (expression.size() > 1 && expression.front() == '\'' && expression.find('\'', 1) == expression.size() - 1) {
    return result_cell(expression.substr(1, expression.size() - 2));
  }
  if (expression == "version()") return result_cell(context.server_version);
  if (expression == "connection_id()") return result_cell(std::to_string(context.cs_id));
  constexpr std::array users{"user()", "current_user()", "current_user", "session_user()", "system_user()"};
  if (std::ranges::find(users, expression) != users.end()) return result_cell(std::string("root@proxysys"));
  constexpr std::array zeros{"last_insert_id()", "row_count()", "found_rows()"};
  if (std::ranges::find(zeros, expression) != zeros.end()) return result_cell(std::string("0"));
  constexpr std::array clocks{"now()", "current_timestamp", "current_timestamp()", "sysdate()", "utc_timestamp()"};
  if (std::ranges::find(clocks, expression) != clocks.end()) return result_cell(time_text());
  if (expression == "unix_timestamp()") return result_cell(std::to_string(std::time(nullptr)));
  if (expression == "timediff(now(), utc_timestamp())") return result_cell(std::string("00:00:00"));
  if (expression == "database()" || expression == "schema()") return result_cell();
  return std::nullopt;
}

/// `@@a AS b, @@session.c, VERSION() LIMIT 1`
std::optional<builtin_rows> select(std::string_view list, const builtin_context& context) {
  if (const auto limit = lowered(list).rfind(" limit "); limit != std::string::npos) list = list.substr(0, limit);
  builtin_rows found;
  found.rows.emplace_back();
  while (!list.empty()) {
    const auto comma = find_comma(list);
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

builtin_rows make_rows(std::initializer_list<std::string_view> names,
                       std::initializer_list<std::initializer_list<std::string_view>> rows = {}) {
  builtin_rows made;
  for (const auto name : names) made.columns.push_back({std::string(name), protocol::column_type::text});
  for (const auto& from : rows) {
    auto& row = made.rows.emplace_back();
    for (const auto text : from) row.emplace_back(std::string(text));
  }
  return made;
}

/// SHOW VARIABLES with LIKE, or with WHERE and the names that it asks for: clients write them as one name, as a list or
/// with OR between, so each text in quotes is one.
builtin_rows show_variables(std::string_view rest, const builtin_context& context) {
  auto made = make_rows({"Variable_name", "Value"});
  const auto patterns = quoted_texts(rest);
  const auto wanted = [&](std::string_view name) {
    return patterns.empty() ||
           std::ranges::any_of(patterns, [&](const std::string& each) { return admin::matches_like(name, each); });
  };
  for (const auto& [name, value] : variables) {
    if (wanted(name)) made.rows.push_back({std::string(name), std::string(value)});
  }
  if (wanted("version")) made.rows.push_back({std::string("version"), context.server_version});
  return made;
}

/// What GUI tools list when they connect. There are no databases, engines or plugins.
std::optional<builtin_rows> show_catalogue(std::string_view word, std::string_view rest) {
  if (word == "databases" || word == "schemas") return make_rows({"Database"});
  if (word == "engines") return make_rows({"Engine", "Support", "Comment", "Transactions", "XA", "Savepoints"});
  if (word == "plugins") return make_rows({"Name", "Status", "Type", "Library", "License"});
  if (word == "privileges") return make_rows({"Privilege", "Context", "Comment"});
  if (word == "status") return make_rows({"Variable_name", "Value"}, {{"Ssl_cipher", ""}, {"Threads_connected", "1"}});
  if (word == "collation") {
    return make_rows({"Collation", "Charset", "Id", "Default", "Compiled", "Sortlen"},
                     {{"utf8mb4_general_ci", "utf8mb4", "45", "Yes", "Yes", "1"}});
  }
  if (word == "charset" || (word == "character" && lowered(rest).starts_with("set"))) {
    return make_rows({"Charset", "Description", "Default collation", "Maxlen"},
                     {{"utf8mb4", "UTF-8 Unicode", "utf8mb4_general_ci", "4"}});
  }
  return std::nullopt;
}

std::optional<builtin_rows> show(std::string_view what, const builtin_context& context) {
  using protocol::column_type;
  auto word = take_word(what);
  if (word == "session" || word == "global" || word == "local") word = take_word(what);
  if (word == "warnings" || word == "errors") {
    return builtin_rows{
        {{"Level", column_type::text}, {"Code", column_type::unsigned_integer}, {"Message", column_type::text}}, {}};
  }
  if (word == "variables") return show_variables(what, context);
  return show_catalogue(word, what);
}

}  // namespace

std::variant<builtin_unknown, builtin_ok, builtin_rows> answer_builtin(std::string_view text,
                                                                       const builtin_context& context) {
  const auto plain = without_comments(text);
  text = trimmed(plain);
  const auto word = take_word(text);
  if (std::ranges::find(accepted_first_words, word) != accepted_first_words.end()) return builtin_ok{};
  std::optional<builtin_rows> rows;
  if (word == "select")
    rows = select(text, context);
  else if (word == "show")
    rows = show(text, context);
  if (rows) return std::move(*rows);
  return builtin_unknown{};
}

}  // namespace sessiongate::proxy
