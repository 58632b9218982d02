#include "admin/failures.hpp"

#include "protocol/err_packet.hpp"

#include <utility>

namespace sessiongate::admin {

namespace {

failure fail(failure_kind kind, std::string message) {
  failure made;
  made.kind = kind;
  made.message = std::move(message);
  return made;
}

}  // namespace

failure unknown_thread(std::uint64_t id) {
  return fail(failure_kind::unknown_id, "Unknown thread id: " + std::to_string(id));
}

failure not_owner_of(std::uint64_t id) {
  return fail(failure_kind::not_owner, "You are not owner of thread " + std::to_string(id));
}

failure backend_refusal(const interrupt_answer& answer) {
  auto refused = fail(failure_kind::backend, answer.message);
  refused.code = answer.code;
  refused.sqlstate = answer.sqlstate;
  return refused;
}

failure proxy_failure(std::string message) {
  auto failed = fail(failure_kind::backend, std::move(message));
  failed.code = protocol::er::unknown_error;
  failed.sqlstate = "HY000";
  return failed;
}

}  // namespace sessiongate::admin
