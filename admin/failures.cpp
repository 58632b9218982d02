#include "admin/failures.hpp"

#include "protocol/err_packet.hpp"

#include <array>
#include <utility>

namespace sessiongate::admin {

namespace {

failure fail(failure_kind kind, std::string message, std::uint16_t code = 0, std::string_view sqlstate = {}) {
  failure made;
  made.kind = kind;
  made.message = std::move(message);
  made.code = code;
  made.sqlstate = sqlstate;
  return made;
}

std::string in_quotes(std::string_view text) {
  return '\'' + std::string(text) + '\'';
}

failure explain(std::string_view could_not, const interrupt_answer& answer) {
  switch (answer.status) {
    case interrupt_status::timeout:
      return fail(failure_kind::timeout, "The backend did not answer the KILL in time");
    case interrupt_status::no_route:
      return proxy_failure(std::string(could_not) +
                           ": there is no connection to its backend to send the KILL over; configure a control account "
                           "(--control-user)");
    case interrupt_status::backend_unreachable:
      return proxy_failure(std::string(could_not) + ": its backend cannot be reached" +
                           (answer.message.empty() ? "" : ": " + answer.message));
    default:
      return fail(failure_kind::backend, answer.message, answer.code, answer.sqlstate);
  }
}

}  // namespace

failure unknown_thread(std::uint64_t id) {
  return fail(failure_kind::unknown_id, "Unknown thread id: " + std::to_string(id));
}

failure unknown_thread(std::uint64_t id, failure::ended_session ended) {
  auto stale = unknown_thread(id);
  stale.message += ": that session ended at " + ended.closed_at + " (" + ended.reason;
  if (!ended.detail.empty()) stale.message += ": " + ended.detail;
  stale.message += ')';
  stale.ended = std::move(ended);
  return stale;
}

failure not_owner_of(std::uint64_t id) {
  return fail(failure_kind::not_owner, "You are not owner of thread " + std::to_string(id));
}

failure forbidden(const principal& who, command_kind kind) {
  constexpr std::array ways{standing::token_viewer, standing::token_operator, standing::token_admin,
                            standing::operators, standing::proxysys};
  const bool by_token = who.kind == principal_kind::token;
  std::string able;
  for (const auto each : ways) {
    const bool is_token = each != standing::operators && each != standing::proxysys;
    if (is_token != by_token || reach_of(each, kind) == reach::none) continue;
    able += (able.empty() ? "" : ", ") + std::string(to_text(each));
  }
  return fail(failure_kind::forbidden, "Access denied: " + to_text(who) + " may not " + std::string(to_text(kind)) +
                                           "; you need to be one of: " + able);
}

failure unknown_column(std::string_view name, std::string_view clause) {
  return fail(failure_kind::bad_value, "Unknown column " + in_quotes(name) + " in " + in_quotes(clause),
              protocol::er::bad_field, "42S22");
}

failure wrong_value(std::string_view value, std::string_view column) {
  return fail(failure_kind::bad_value,
              "Incorrect value: " + in_quotes(value) + " for column " + in_quotes(column) + ", which holds numbers",
              protocol::er::wrong_value, "22007");
}

failure unknown_setting(std::string_view name) {
  return fail(failure_kind::unknown_name, "Unknown system variable " + in_quotes(name),
              protocol::er::unknown_system_variable, "HY000");
}

failure read_only_setting(std::string_view name) {
  return fail(failure_kind::read_only,
              "Variable " + in_quotes(name) + " is a read only variable: it is read when the proxy starts",
              protocol::er::read_only_variable, "HY000");
}

failure wrong_setting_value(std::string_view name, std::string_view value, std::string_view why) {
  return fail(
      failure_kind::bad_value,
      "Variable " + in_quotes(name) + " can't be set to the value of " + in_quotes(value) + ": it " + std::string(why),
      protocol::er::wrong_value_for_variable, "42000");
}

failure unknown_drain(std::uint64_t number) {
  return fail(failure_kind::unknown_name, "There is no drain " + std::to_string(number), protocol::er::unknown_error,
              "HY000");
}

failure too_many_drains() {
  return fail(failure_kind::busy, "As many drains are running as are kept (--drains-max)");
}

failure unknown_backend(std::string_view cluster, std::string_view backend) {
  return fail(failure_kind::unknown_name,
              "There is no backend '" + std::string(backend) + "' in a cluster '" + std::string(cluster) + '\'',
              protocol::er::unknown_error, "HY000");
}

failure kill_failure(std::string_view could_not, const interrupt_answer& answer, kill_outcome target) {
  auto failed = explain(could_not, answer);
  target.interrupt = answer.status;
  target.backend_answer = answer.message;
  target.backend_error = answer.code;
  target.backend_sqlstate = answer.sqlstate;
  failed.target = std::move(target);
  return failed;
}

failure no_longer_matches(std::uint32_t cs_id) {
  return fail(failure_kind::changed, "Session " + std::to_string(cs_id) + " no longer matches");
}

failure too_many_match(std::size_t matched, std::size_t max) {
  return fail(failure_kind::too_many, std::to_string(matched) + " sessions match, and no more than " +
                                          std::to_string(max) +
                                          " may be hit: nothing was done; say with LIMIT how many, or raise max");
}

failure proxy_failure(std::string message) {
  auto failed = fail(failure_kind::backend, std::move(message));
  failed.code = protocol::er::unknown_error;
  failed.sqlstate = "HY000";
  return failed;
}

}  // namespace sessiongate::admin
