// What SHOW PROXYSESSION and GET /v1/sessions list.
#pragma once

#include "admin/command.hpp"
#include "admin/principal.hpp"
#include "admin/result.hpp"
#include "session/registry.hpp"

#include <cstdint>
#include <span>

namespace sessiongate::admin {

/// Those with a name in SQL are the original's 13, in its order.
std::span<const column> session_columns();

/// The sessions that `who` may see and that the filters let through, by cs_id.
table list_sessions(const show_sessions& filters, const principal& who, const session::registry& sessions,
                    std::int32_t process_id);

}  // namespace sessiongate::admin
