// Ids in SQL: what the words of a statement name a session by. session_id.hpp tells the forms. A number may have a
// sign and be quoted ('5', "5"); CONNECTION_ID() is the caller's own session; in a prepared statement `?` stands for a
// number. A backend behind @ may be quoted, and has to be where blanks are in it.
#pragma once

#include "admin/session_id.hpp"
#include "admin/token_cursor.hpp"

#include <cstdint>
#include <optional>

namespace sessiongate::admin {

struct id_operand {
  session_id id{};
  bool own_session = false;  // CONNECTION_ID()
  bool parameter = false;    // `?`: its number is not known yet
};

/// Takes an id; empty when there is none.
std::optional<id_operand> take_id(token_cursor& at, bool prepared);
/// Whether an id begins here that is no bare number: CS_ID or CONNECTION_ID.
bool is_id_word(const token& each);

struct ss_id_operand {
  std::uint64_t value = 0;
  bool parameter = false;
};
/// The number of a server session: without a sign, for `KILL PROXYSESSION 5-1` has to be an error and not two ids.
std::optional<ss_id_operand> take_ss_id(token_cursor& at, bool prepared);

}  // namespace sessiongate::admin
