// The failures of commands, with their texts in one place.
#pragma once

#include "admin/authorize.hpp"
#include "admin/backend_interrupter.hpp"
#include "admin/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sessiongate::admin {

failure unknown_thread(std::uint64_t id);  // 1094
/// 1094, too: the id is no longer any session's.
failure unknown_thread(std::uint64_t id, failure::ended_session ended);
failure not_owner_of(std::uint64_t id);  // 1095
/// 1227: commands of this kind are not for the caller.
failure forbidden(const principal& who, command_kind kind);
/// 1054: `Unknown column 'x' in 'where clause'`.
failure unknown_column(std::string_view name, std::string_view clause);
/// 1292: the column holds numbers and the value is none.
failure wrong_value(std::string_view value, std::string_view column);
/// 1193, 1238, 1231: there is no setting of the name, it is read at start only, the value is none for it.
failure unknown_setting(std::string_view name);
failure read_only_setting(std::string_view name);
failure wrong_setting_value(std::string_view name, std::string_view value, std::string_view why);
/// 1105: there is no drain of the number; as many run as are kept.
failure unknown_drain(std::uint64_t number);
failure too_many_drains();
/// 1105: the cluster is not here, or has no such backend.
failure unknown_backend(std::string_view cluster, std::string_view backend);
/// A KILL that the backend has not done: it has refused it, or there was no answer. `could_not` says what came of that,
/// as in `The statement could not be interrupted`.
failure kill_failure(std::string_view could_not, const interrupt_answer& answer, kill_outcome target);
/// 1105: the session does not meet the predicate any more that had chosen it.
failure no_longer_matches(std::uint32_t cs_id);
/// 1105: that many sessions match, and no more than `max` may be hit.
failure too_many_match(std::size_t matched, std::size_t max);
/// The proxy's own 1105.
failure proxy_failure(std::string message);

}  // namespace sessiongate::admin
