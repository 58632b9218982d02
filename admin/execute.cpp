#include "admin/execute.hpp"

#include "admin/authorize.hpp"
#include "admin/backend_drain.hpp"
#include "admin/command_table.hpp"
#include "admin/drain_command.hpp"
#include "admin/failures.hpp"
#include "admin/kill.hpp"
#include "admin/kill_counters.hpp"
#include "admin/kill_log.hpp"
#include "admin/kill_several.hpp"
#include "admin/listing.hpp"
#include "admin/proxy_view.hpp"
#include "admin/session_detail.hpp"
#include "admin/targets.hpp"

#include <optional>
#include <utility>

namespace sessiongate::admin {

namespace {

using boost::asio::awaitable;
using session::client_session_ptr;

failure id_needed() {
  failure result;
  result.message = "Unknown operator: an id is needed here";
  return result;
}

awaitable<result> run(const show_table& what, const principal& who, execution_context& context) {
  if (find_listing(what.what).of_session == nullptr) co_return list(what, who, context);
  if (!what.id && who.cs_id == 0) co_return id_needed();
  auto found = find_target(what.id.value_or(session_id(who.cs_id)), who, kind_of(what), context);
  if (auto* error = std::get_if<failure>(&found)) co_return std::move(*error);
  co_return list(what, *std::get<client_session_ptr>(found));
}

awaitable<result> run(const start_drain& what, const principal& who, execution_context& context) {
  co_return begin_drain(what, who, context);
}

awaitable<result> run(const cancel_drain& what, const principal& /*who*/, execution_context& context) {
  co_return end_drain(what, context);
}

awaitable<result> run(const drain_backend& what, const principal& who, execution_context& context) {
  co_return begin_backend_drain(what, who, context);
}

awaitable<result> run(const undrain_backend& what, const principal& who, execution_context& context) {
  co_return end_backend_drain(what, who, context);
}

awaitable<result> run(const alter_config& what, const principal& /*who*/, execution_context& context) {
  auto changed = context.proxy->change_setting(what.name, what.value);
  if (auto* wrong = std::get_if<failure>(&changed)) co_return std::move(*wrong);
  co_return std::get<acknowledgement>(std::move(changed));
}

awaitable<result> run(const ping& /*what*/, const principal& /*who*/, execution_context& /*context*/) {
  co_return acknowledgement{};
}

awaitable<result> run(const show_session& what, const principal& who, execution_context& context) {
  if (!what.id && who.cs_id == 0) co_return id_needed();
  auto found = find_target(what.id.value_or(session_id(who.cs_id)), who, kind_of(what), context);
  if (auto* error = std::get_if<failure>(&found)) co_return std::move(*error);
  const auto& target = *std::get<client_session_ptr>(found);
  auto detail = describe_session(target, {.is_caller = target.cs_id() == who.cs_id, .process_id = context.process_id});
  if (auto wrong = apply(what.query, detail)) co_return std::move(*wrong);
  co_return detail;
}

void tell_end(result& of_kill, const execution_context& context) {
  const auto end = end_of(of_kill);
  if (auto* failed = std::get_if<failure>(&of_kill)) failed->outcome = end;
  if (context.kills != nullptr) context.kills->count(end);
}

template <class Kill>
  requires requires(const Kill& what, const principal& who, execution_context& context) { kill(what, who, context); }
awaitable<result> run(const Kill& what, const principal& who, execution_context& context) {
  return kill(what, who, context);
}

}  // namespace

awaitable<result> execute(command what, principal who, execution_context& context) {
  const auto kind = kind_of(what);
  std::optional<open_kill> record;
  if (is_kill(what) && context.trail != nullptr) {
    record.emplace(*context.trail, begin_record(what, who, context.sessions));
  }
  result done;
  if (may(who, kind)) {
    done = co_await std::visit([&](const auto& each) { return run(each, who, context); }, what);
  } else {
    done = forbidden(who, kind);
  }
  if (!is_kill(what)) co_return done;
  if (std::holds_alternative<kill_report>(done)) {  // each target has its own record
    if (record) record->withdraw();
    co_return done;
  }
  tell_end(done, context);
  if (record) record->conclude(done);
  co_return done;
}

}  // namespace sessiongate::admin
