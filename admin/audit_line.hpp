// The lines of the audit file: each one JSON object and a line end, whatever bytes the names in it are made of.
#pragma once

#include "admin/kill_log.hpp"

#include <cstdint>
#include <string>

namespace sessiongate::admin {

/// `"event":"kill"` and the members that GET /v1/kills has.
std::string audit_line(const kill_record& done);

/// `"event":"started"`: from here the numbers begin at 1.
std::string audit_started_line();
/// `"event":"lines_lost"`: so many kills have no line here.
std::string audit_lost_line(std::uint64_t count);
/// `"event":"stopped"`: `last` is the number of the last kill, with a line or without.
std::string audit_stopped_line(std::uint64_t last);

}  // namespace sessiongate::admin
