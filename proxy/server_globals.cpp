#include "proxy/server_globals.hpp"

#include <algorithm>
#include <array>

namespace sessiongate::proxy {

namespace {

constexpr std::size_t spans_max = 64;  // each some tens of kilobytes

constexpr std::array<std::string_view, 8> restless{
    "gtid_binlog_pos", "gtid_binlog_state", "gtid_current_pos", "gtid_executed",
    "gtid_purged",     "gtid_slave_pos",    "timestamp",        "innodb_buffer_pool_load_now"};

}  // namespace

server_globals::server_globals(std::vector<variable> read) : sorted_(std::move(read)) {
  std::erase_if(sorted_,
                [](const variable& each) { return std::ranges::find(restless, each.first) != restless.end(); });
  std::ranges::sort(sorted_);
}

const std::string* server_globals::find(std::string_view name) const {
  const auto at = std::ranges::lower_bound(sorted_, name, {}, &variable::first);
  return at == sorted_.end() || at->first != name ? nullptr : &at->second;
}

void globals_history::add(server_globals read, clock::time_point asked, bool unbroken) {
  const std::lock_guard lock(mutex_);
  const bool same = !spans_.empty() && *spans_.back().variables == read;
  if (same && unbroken) {
    spans_.back().last = asked;
    return;
  }
  auto kept = same ? spans_.back().variables : std::make_shared<const server_globals>(std::move(read));
  spans_.push_back({std::move(kept), asked, asked});
  if (spans_.size() > spans_max) spans_.pop_front();
}

globals_history::known globals_history::at(clock::time_point when) const {
  const std::lock_guard lock(mutex_);
  if (spans_.empty()) return {nullptr, "the server's global variables were never read"};
  if (when > spans_.back().last) return {nullptr, "the server's global variables were not read since"};
  for (const auto& each : spans_) {
    if (when < each.first) return {nullptr, "the server's global variables were others before and behind it"};
    if (when <= each.last) return {each.variables, {}};
  }
  return {nullptr, "the server's global variables were not read since"};
}

}  // namespace sessiongate::proxy
