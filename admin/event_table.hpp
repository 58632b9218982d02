// What SHOW PROXYEVENTS and GET /v1/events show of an event, and to whom.
#pragma once

#include "admin/command.hpp"
#include "admin/event_log.hpp"
#include "admin/execution_context.hpp"
#include "admin/principal.hpp"
#include "admin/table.hpp"

#include <optional>
#include <span>
#include <vector>

namespace sessiongate::admin {

std::span<const column> event_columns();

/// Nothing when it is not for the reader: events are for those who may list the session that they are about, and kills
/// also for those who asked for them.
std::optional<std::vector<cell>> event_row(const event& happened, const principal& reader);

/// The last one first.
std::vector<std::vector<cell>> event_rows(const show_table& asked, const principal& who, execution_context& context);

}  // namespace sessiongate::admin
