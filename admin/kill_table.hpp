// What SHOW PROXYSESSION KILLS and GET /v1/kills list: who asked for which kill, and what came of it.
#pragma once

#include "admin/command.hpp"
#include "admin/execution_context.hpp"
#include "admin/kill_log.hpp"
#include "admin/principal.hpp"
#include "admin/table.hpp"

#include <optional>
#include <span>
#include <vector>

namespace sessiongate::admin {

std::span<const column> kill_columns();

/// All there is to know.
std::vector<cell> kill_row(const kill_record& done);
/// Whether it was the reader who asked for it.
bool asked_for(const principal& reader, const kill_record& done);
/// What the reader may know of it: nothing, or of a session that it may not list only what its own kill was told.
std::optional<std::vector<cell>> kill_row(const kill_record& done, const principal& reader);

/// The last one first: what `who` asked for itself, and the kills of sessions that it might have seen.
std::vector<std::vector<cell>> kill_rows(const show_table& asked, const principal& who, execution_context& context);

}  // namespace sessiongate::admin
