// The gentle stops that wait on one session. Belongs to the session's worker; most sessions have none.
#pragma once

#include "session/client_session.hpp"

#include <optional>
#include <vector>

namespace sessiongate::proxy {

class stop_marks {
 public:
  struct entry {
    session::gentle_stop how;
    session::stop_handler done;  // may be empty
  };

  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  void add(entry added) { waiting_.push_back(std::move(added)); }

  /// Between two statements: takes out the oldest whose time has come.
  std::optional<entry> take_due(bool in_transaction);
  std::optional<entry> take(session::stop_mark mark);
  /// Those about this server session.
  std::vector<entry> take_about(std::uint64_t ss_id);
  std::vector<entry> take_all() { return std::move(waiting_); }

 private:
  std::vector<entry> waiting_;
};

/// Tells who asked for a stop what became of it.
void tell(const stop_marks::entry& asked, session::stop_report report);

}  // namespace sessiongate::proxy
