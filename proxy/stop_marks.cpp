#include "proxy/stop_marks.hpp"

#include <algorithm>
#include <utility>

namespace sessiongate::proxy {

std::optional<stop_marks::entry> stop_marks::take_due(bool in_transaction) {
  const auto due = std::ranges::find_if(waiting_, [&](const entry& each) {
    return !in_transaction || each.how.after == session::resting_point::statement;
  });
  return due == waiting_.end() ? std::nullopt : take(due->how.mark);
}

std::optional<stop_marks::entry> stop_marks::take(session::stop_mark mark) {
  const auto found = std::ranges::find(waiting_, mark, [](const entry& each) { return each.how.mark; });
  if (found == waiting_.end()) return std::nullopt;
  auto taken = std::move(*found);
  waiting_.erase(found);
  return taken;
}

std::vector<stop_marks::entry> stop_marks::take_about(std::uint64_t ss_id) {
  std::vector<entry> taken;
  std::vector<entry> left;
  for (auto& each : waiting_) (each.how.ss_id == ss_id ? taken : left).push_back(std::move(each));
  waiting_ = std::move(left);
  return taken;
}

void tell(const stop_marks::entry& asked, session::stop_report report) {
  if (asked.done) asked.done(std::move(report));
}

}  // namespace sessiongate::proxy
