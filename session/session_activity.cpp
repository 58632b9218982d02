#include "session/session_activity.hpp"

namespace sessiongate::session {

std::string_view to_text(wait_kind kind) {
  switch (kind) {
    case wait_kind::client_read:
      return "client_read";
    case wait_kind::client_write:
      return "client_write";
    case wait_kind::backend_connect:
      return "backend_connect";
    case wait_kind::authentication:
      return "authentication";
    case wait_kind::backend_read:
      return "backend_read";
    case wait_kind::backend_write:
      return "backend_write";
  }
  return "unknown";
}

waiting session_activity::waits() const {
  if (load(blocked_)) return {load(blocked_on_), load(blocked_since_), load(queued_)};
  return {command() == protocol::command::sleep ? wait_kind::client_read : wait_kind::backend_read, since(), 0};
}

std::optional<statement_text> session_activity::statement(std::uint32_t cs_id) const {
  const auto* const slot = slot_.load(std::memory_order_acquire);
  return slot == nullptr ? std::nullopt : slot->read(cs_id);
}

session_statistics& session_activity::counted() {
  auto* found = load(statistics_);
  if (found == nullptr) {
    found = new session_statistics;
    statistics_.store(found, std::memory_order_release);
  }
  return *found;
}

void session_activity::begin_command(protocol::command sent, request_kind kind, std::uint64_t size) {
  auto& count = counted();
  const auto now = now_ticks();
  if (load(transaction_since_) != 0 && command() == protocol::command::sleep) count.client_idle_time.add(now - since());
  count.requests[static_cast<std::size_t>(kind)].add(1);
  count.request_sizes[size_class(size)].add(1);
  store(command_, sent);
  store(since_, now);
  first_heard_ = 0;
}

void session_activity::show_text(std::uint32_t cs_id, std::string_view text, std::size_t size, statement_pool& pool) {
  auto* slot = load(slot_);
  if (slot == nullptr) {
    slot = pool.lend();
    if (slot == nullptr) return;
  }
  slot->write(cs_id, text, size);
  slot_.store(slot, std::memory_order_release);
}

ticks session_activity::end_response(response_kind kind, std::uint64_t size) {
  auto& count = counted();
  count.responses[static_cast<std::size_t>(kind)].add(1);
  count.response_sizes[size_class(size)].add(1);
  if (first_heard_ > since()) {
    count.server_time.add(first_heard_ - since());
    count.response_time.add(heard_ - first_heard_);
  }
  first_heard_ = heard_;
  return heard_ > since() ? heard_ - since() : 0;
}

void session_activity::become_idle(bool in_transaction, statement_pool& pool) {
  if (heard_ < since()) heard_ = now_ticks();
  const auto begun = load(transaction_since_);
  if (in_transaction && begun == 0) store(transaction_since_, since());
  if (!in_transaction && begun != 0) {
    counted().transaction_time.add(heard_ - begun);
    store(transaction_since_, ticks{0});
  }
  store(command_, protocol::command::sleep);
  store(since_, heard_);
  if (!in_transaction) give_back(pool);
}

void session_activity::answered_internally(std::uint64_t request, std::uint64_t answer) {
  auto& count = counted();
  count.internal_requests.add(1);
  count.internal_bytes.add(request);
  count.internal_answer_bytes.add(answer);
}

void session_activity::wait_for(wait_kind what, std::uint64_t queued) {
  store(blocked_on_, what);
  store(blocked_since_, now_ticks());
  store(queued_, queued);
  store(blocked_, true);
}

void session_activity::wait_no_more() {
  if (!load(blocked_)) return;
  store(blocked_, false);
  if (load(blocked_on_) == wait_kind::client_write) counted().client_write_time.add(now_ticks() - load(blocked_since_));
  store(queued_, std::uint64_t{0});
}

ticks session_activity::begin_idle() {
  const auto now = now_ticks();
  const auto took = now > since() ? now - since() : 0;
  store(blocked_, false);
  store(since_, now);
  return took;
}

void session_activity::give_back(statement_pool& pool) {
  auto* const slot = load(slot_);
  if (slot == nullptr) return;
  slot_.store(nullptr, std::memory_order_release);
  pool.take_back(*slot);
}

}  // namespace sessiongate::session
