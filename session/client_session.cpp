#include "session/client_session.hpp"

#include <algorithm>
#include <array>

namespace sessiongate::session {

std::string_view to_text(client_session_state state) {
  switch (state) {
    case client_session_state::init:
      return "MCS_INIT";
    case client_session_state::active_reader:
      return "MCS_ACTIVE_READER";
    case client_session_state::closed:
      return "MCS_CLOSED";
  }
  return "MCS_MAX";
}

protocol::connect_attributes shown_attributes(const protocol::connect_attributes& sent) {
  constexpr std::array<std::string_view, 6> names{"program_name", "_client_name", "_client_version",
                                                  "_pid",         "_os",          "_platform"};
  constexpr std::size_t value_size_max = 64;  // bytes
  protocol::connect_attributes shown;
  for (const auto& [name, value] : sent) {
    const bool known = std::ranges::find(names, name) != names.end();
    if (known && shown.size() < names.size()) shown.emplace_back(name, value.substr(0, value_size_max));
  }
  return shown;
}

client_session::client_session(client_session_ids ids, endpoint client, std::int32_t worker_tid,
                               std::string default_cluster)
    : ids_(ids),
      worker_tid_(worker_tid),
      client_(std::move(client)),
      who_(identity{.user = {}, .tenant = {}, .cluster = std::move(default_cluster), .attributes = {}}) {}

std::shared_ptr<server_session> client_session::find_connection(std::uint32_t connection_id) const {
  const auto all = server_sessions_.load();
  const auto found = std::ranges::find(*all, connection_id, &server_session::connection_id);
  return found == all->end() ? nullptr : *found;
}

std::shared_ptr<server_session> client_session::find_server_session(std::uint64_t ss_id) const {
  const auto all = server_sessions_.load();
  const auto found = std::ranges::find(*all, ss_id, &server_session::ss_id);
  return found == all->end() ? nullptr : *found;
}

recovery_obstacle client_session::obstacle_when_ended() const {
  const auto held = when_ended_.load(std::memory_order_relaxed);
  if (held == recovery_obstacle::no_credentials) return held;
  if (statement_running()) return recovery_obstacle::statement_running;
  if (in_transaction()) return recovery_obstacle::open_transaction;
  return held;
}

recovery_obstacle client_session::obstacle_when_lost() const {
  const auto asked = obstacle_when_ended();
  return asked == recovery_obstacle::none ? when_lost_.load(std::memory_order_relaxed) : asked;
}

void client_session::publish_database(std::string name) {
  if (*database_.load() == name) return;
  tracked_.count_database_change(name.empty());
  database_.store(std::move(name));
}

bool client_session::publish_in_transaction(bool on) {
  if (in_transaction() == on) return false;
  in_transaction_.store(on, std::memory_order_relaxed);
  if (on) return false;
  transactions_.store(transaction_count() + 1, std::memory_order_relaxed);
  return true;
}

void client_session::add_server_session(std::shared_ptr<server_session> added) {
  auto next = server_sessions();
  next.push_back(std::move(added));
  server_sessions_.store(std::move(next));
}

void client_session::remove_server_session(std::uint64_t ss_id) {
  auto next = server_sessions();
  std::erase_if(next, [ss_id](const auto& each) { return each->ss_id() == ss_id; });
  server_sessions_.store(std::move(next));
}

}  // namespace sessiongate::session
