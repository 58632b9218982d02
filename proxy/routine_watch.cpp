#include "proxy/routine_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sessiongate::proxy {

namespace {

/// Words of what changes a session's state and is not reported by session tracking.
constexpr std::array<std::string_view, 10> risky_words{"@",          "GET_LOCK",      "TEMPORARY", "SET SESSION",
                                                       "PREPARE",    "IMMEDIATE",     "ROLE",      "NEXTVAL",
                                                       "NEXT VALUE", "LAST_INSERT_ID"};
constexpr std::string_view system_schemas = "('mysql', 'sys', 'information_schema', 'performance_schema')";

/// The same of a view, which knows no variables; servers write functions in small letters there.
constexpr std::array<std::string_view, 2> risky_functions{"get_lock", "last_insert_id"};

template <class Words>
std::string has_one_of(const Words& words, std::string_view text) {
  std::string condition;
  for (const auto word : words) condition += fmt::format(" OR {} LIKE '%{}%'", text, word);
  return condition;
}

/// A body that is not shown may have anything in it.
std::string is_risky(std::string_view body) {
  return fmt::format("({} IS NULL{})", body, has_one_of(risky_words, body));
}

bool is_mariadb(std::string_view server_version) {
  return server_version.find("MariaDB") != std::string_view::npos;
}

/// Only later versions of MySQL keep routines where no account can read them.
bool has_routine_table(std::string_view server_version) {
  return is_mariadb(server_version) || server_version.starts_with("5.");
}

/// MySQL before 5.7 takes the limit for a comment.
std::string count_within(std::chrono::milliseconds limit, std::string_view server_version, std::string_view what) {
  const auto time = limit.count();
  if (!is_mariadb(server_version))
    return fmt::format("SELECT /*+ MAX_EXECUTION_TIME({}) */ COUNT(*) FROM {}", time, what);
  return fmt::format("SET STATEMENT max_statement_time = {}.{:03} FOR SELECT COUNT(*) FROM {}", time / 1000,
                     time % 1000, what);
}

}  // namespace

void routine_watch::note(std::uint64_t risky, clock::time_point asked) {
  const std::lock_guard lock(mutex_);
  risky_ = risky;
  why_unknown_.clear();
  if (risky > 0)
    none_since_.reset();
  else if (!none_since_)
    none_since_ = asked;
}

void routine_watch::note_unknown(std::string why) {
  const std::lock_guard lock(mutex_);
  risky_.reset();
  none_since_.reset();
  why_unknown_ = std::move(why);
}

bool routine_watch::possible(clock::time_point since) const {
  const std::lock_guard lock(mutex_);
  return !none_since_ || since < *none_since_;
}

std::optional<std::uint64_t> routine_watch::risky() const {
  const std::lock_guard lock(mutex_);
  return risky_;
}

std::string routine_watch::why_unknown() const {
  const std::lock_guard lock(mutex_);
  return why_unknown_;
}

routine_questions questions_for(std::string_view server_version, std::chrono::milliseconds limit) {
  const auto routines = has_routine_table(server_version)
                            ? fmt::format("mysql.proc WHERE db NOT IN {} AND {}", system_schemas,
                                          is_risky("CONVERT(body_utf8 USING utf8)"))
                            : fmt::format("information_schema.ROUTINES WHERE ROUTINE_SCHEMA NOT IN {} AND {}",
                                          system_schemas, is_risky("ROUTINE_DEFINITION"));
  const auto triggers = fmt::format("information_schema.TRIGGERS WHERE TRIGGER_SCHEMA NOT IN {} AND {}", system_schemas,
                                    is_risky("ACTION_STATEMENT"));
  const auto views =
      fmt::format("information_schema.VIEWS WHERE TABLE_SCHEMA NOT IN {} AND (COALESCE(VIEW_DEFINITION, '') = ''{})",
                  system_schemas, has_one_of(risky_functions, "LOWER(VIEW_DEFINITION)"));
  routine_questions made;
  made.rights =
      "SELECT PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = "
      "CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')";
  for (const auto& each : {routines, triggers, views}) {
    made.counts.push_back(count_within(limit, server_version, each));
  }
  return made;
}

std::string_view missing_right(const std::vector<std::string>& granted, std::string_view server_version) {
  const auto has = [&granted](std::string_view right) { return std::ranges::find(granted, right) != granted.end(); };
  if (!has("TRIGGER")) return "TRIGGER ON *.*";
  const bool shown = has_routine_table(server_version) || has("SELECT") || has("SHOW_ROUTINE");
  return shown ? std::string_view() : "SHOW_ROUTINE ON *.*";
}

}  // namespace sessiongate::proxy
