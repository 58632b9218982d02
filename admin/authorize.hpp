// Who may do what to whom: one table (privileges.cpp), and the one place that reads it. For SQL and HTTP alike.
// docs/privileges.md shows the table; a test compares the two.
#pragma once

#include "admin/command_kind.hpp"
#include "admin/principal.hpp"
#include "session/client_session.hpp"

#include <cstdint>
#include <string_view>

namespace sessiongate::admin {

/// The columns of the table. A principal has several: an account that holds PROCESS is an account, too, and may what
/// either may.
enum class standing : std::uint8_t {
  account,
  account_process,  // PROCESS on the backend
  account_kill,     // SUPER or CONNECTION ADMIN on the backend
  operators,
  proxysys,
  token_viewer,
  token_operator,
  token_admin,
};
inline constexpr std::uint8_t standing_count = 8;
std::string_view to_text(standing column);

/// How far a right goes, each including those before it. For commands that are about no session: none or all.
enum class reach : std::uint8_t {
  none,
  own,     // sessions with the caller's user, tenant and cluster
  tenant,  // sessions with the caller's tenant and cluster
  all,
};
std::string_view to_text(reach how_far);

/// One cell of the table.
reach reach_of(standing column, command_kind kind);
/// The furthest of the caller's columns.
reach reach_of(const principal& who, command_kind kind);

enum class verdict : std::uint8_t {
  allowed,
  not_owner,  // exists, in the caller's own cluster and tenant, but out of its reach: 1095
  hidden,     // must look as if it did not exist: 1094
  forbidden,  // the caller may do this to no session at all: 1227
};

/// May `who` do this at all?
bool may(const principal& who, command_kind kind);
/// May `who` do this to `target`? To its own session an account always may what it may at all.
verdict may(const principal& who, command_kind kind, const session::client_session& target);
/// May `who` read what is kept of a session that has ended, or that somebody killed? An account's own are those that
/// logged in with its user, tenant and cluster. Null: nobody had logged in there.
bool may_see_ended(const principal& who, const session::identity* owner);

}  // namespace sessiongate::admin
