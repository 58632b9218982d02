// What a kill of several tells of each session that it hit, or would hit.
#pragma once

#include "admin/result.hpp"
#include "admin/table.hpp"

#include <span>
#include <vector>

namespace sessiongate::admin {

std::span<const column> kill_target_columns();

/// `shown` is its row of the process list, before it was hit. `done` is null for a dry run.
std::vector<cell> kill_target_row(const std::vector<cell>& shown, const result* done);

}  // namespace sessiongate::admin
