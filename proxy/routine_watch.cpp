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

/// A body that is not shown may have anything in it.
std::string is_risky(std::string_view body) {
  auto condition = fmt::format("({0} IS NULL", body);
  for (const auto word : risky_words) condition += fmt::format(" OR {} LIKE '%{}%'", body, word);
  return condition + ")";
}

/// Only later versions of MySQL keep routines where no account can read them.
bool has_routine_table(std::string_view server_version) {
  return server_version.find("MariaDB") != std::string_view::npos || server_version.starts_with("5.");
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

routine_questions questions_for(std::string_view server_version) {
  routine_questions made;
  made.rights =
      "SELECT PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = "
      "CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')";
  made.routines =
      has_routine_table(server_version)
          ? fmt::format("SELECT COUNT(*) FROM mysql.proc WHERE db NOT IN {} AND {}", system_schemas,
                        is_risky("CONVERT(body_utf8 USING utf8)"))
          : fmt::format("SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA NOT IN {} AND {}",
                        system_schemas, is_risky("ROUTINE_DEFINITION"));
  made.triggers = fmt::format("SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA NOT IN {} AND {}",
                              system_schemas, is_risky("ACTION_STATEMENT"));
  return made;
}

std::string_view missing_right(const std::vector<std::string>& granted, std::string_view server_version) {
  const auto has = [&granted](std::string_view right) { return std::ranges::find(granted, right) != granted.end(); };
  if (!has("TRIGGER")) return "TRIGGER ON *.*";
  const bool shown = has_routine_table(server_version) || has("SELECT") || has("SHOW_ROUTINE");
  return shown ? std::string_view() : "SHOW_ROUTINE ON *.*";
}

}  // namespace sessiongate::proxy
