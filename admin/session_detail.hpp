// What SHOW PROXYSESSION ATTRIBUTE and GET /v1/sessions/{id} tell about one session: the original's 22 rows, and 17 for
// each server session, in its order. Counters that serve the replay of session state stay 0 while a session has one
// backend.
#pragma once

#include "admin/result.hpp"
#include "session/client_session.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace sessiongate::admin {

struct detail_options {
  std::optional<std::string> like{};  // keeps the attributes whose name matches; groups that lose all stay, empty
  bool is_caller = false;             // the session that asks is active, whatever the record says
  std::int32_t process_id = 0;
};

session_detail describe_session(const session::client_session& target, const detail_options& options);

/// `%` is any run of characters, `_` any one character; no escape, case-sensitive. An empty pattern matches all.
bool matches_like(std::string_view text, std::string_view pattern);

}  // namespace sessiongate::admin
