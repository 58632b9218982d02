// A session as a command names it: by a bare number, which may be any of its ids, or by one that says which id it is.
//
//   in SQL                       in paths of HTTP and for ctl
//   5                            5
//   CS_ID 5                      cs_id:5
//   CONNECTION_ID 5              connection_id:5
//   CONNECTION_ID 5@db:3306      connection_id:5@db:3306
//
// A backend is named as listings show it, or without its port: db:3306, db, [::1]:3306, ::1, unix:/run/mysqld.sock.
#pragma once

#include "session/endpoint.hpp"
#include "session/registry.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::admin {

enum class id_form : std::uint8_t {
  any,  // cs_id, connection_id or proxy_sessid, whichever there is
  cs_id,
  connection_id,
};

struct session_id {
  session_id() = default;
  session_id(std::uint64_t bare) : number(bare) {}
  session_id(std::uint64_t given, id_form as, std::string at = {}) : number(given), form(as), backend(std::move(at)) {}

  std::uint64_t number = 0;
  id_form form = id_form::any;
  std::string backend{};  // of a connection_id only; empty: any

  bool operator==(const session_id&) const = default;
};

/// As in a path.
std::string to_text(const session_id& id);
/// Reads what to_text() writes, a number with a sign as parse_id() does.
std::optional<session_id> parse_session_id(std::string_view text);

/// A decimal id with optional sign, as drivers write it; empty when it is none or out of range (-2^31 .. 2^64-1).
std::optional<std::uint64_t> parse_id(std::string_view text);

/// Whether `given` names that backend.
bool is_backend(std::string_view given, const session::endpoint& at);

/// The sessions that it names: none, one, or, of a connection_id that several backends gave, several.
std::vector<session::client_session_ptr> find_sessions(const session_id& id, const session::registry& sessions);

}  // namespace sessiongate::admin
