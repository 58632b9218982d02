// The failures of commands, with their texts in one place.
#pragma once

#include "admin/authorize.hpp"
#include "admin/execute.hpp"
#include "admin/result.hpp"

#include <cstdint>
#include <string>

namespace sessiongate::admin {

failure unknown_thread(std::uint64_t id);  // 1094
failure not_owner_of(std::uint64_t id);    // 1095
/// 1227: commands of this kind are not for the caller.
failure forbidden(const principal& who, command_kind kind);
/// What the backend said to a KILL.
failure backend_refusal(const interrupt_answer& answer);
/// The proxy's own 1105.
failure proxy_failure(std::string message);

}  // namespace sessiongate::admin
