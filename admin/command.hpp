// The admin commands. Both faces, SQL text and HTTP, parse into this variant and nothing else; execute.hpp is the only
// thing that acts on it. A test walks the alternatives and fails when a face lacks one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace sessiongate::admin {

/// SHOW PROXYSESSION · GET /v1/sessions. Empty filters match all.
struct show_sessions {
  std::optional<std::string> user{};
  std::optional<std::string> tenant{};
  std::optional<std::string> cluster{};
  std::optional<std::string> database{};
  std::optional<std::string> host{};   // the client's address, without port or with it
  std::optional<std::string> state{};  // MCS_…
  std::optional<std::size_t> limit{};  // rows
};

/// SHOW PROXYSESSION ATTRIBUTE [id] [LIKE 'p'] · GET /v1/sessions/{id}. Without an id: the caller's own session.
struct show_session {
  std::optional<std::uint64_t> id{};
  std::optional<std::string> like{};  // on the attribute's name; % and _, no escape, case-sensitive as in the original
};

/// KILL PROXYSESSION id, KILL [CONNECTION] id · DELETE /v1/sessions/{id}.
struct kill_session {
  std::uint64_t id = 0;
};

/// KILL PROXYSESSION id ss_id · DELETE /v1/sessions/{id}/server-sessions/{ss_id}.
struct kill_server_session {
  std::uint64_t id = 0;
  std::uint64_t ss_id = 0;
};

/// KILL QUERY id · POST /v1/sessions/{id}/kill-query.
struct kill_query {
  std::uint64_t id = 0;
};

using command = std::variant<show_sessions, show_session, kill_session, kill_server_session, kill_query>;

/// Those that end or interrupt something; all others can run on any thread.
[[nodiscard]] inline bool is_kill(const command& what) {
  return std::holds_alternative<kill_session>(what) || std::holds_alternative<kill_server_session>(what) ||
         std::holds_alternative<kill_query>(what);
}

}  // namespace sessiongate::admin
