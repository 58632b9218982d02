#include "admin/kill_several.hpp"

#include "admin/authorize.hpp"
#include "admin/breather.hpp"
#include "admin/execute.hpp"
#include "admin/failures.hpp"
#include "admin/kill_target_table.hpp"
#include "admin/lanes.hpp"
#include "admin/process_table.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace sessiongate::admin {

namespace {

using boost::asio::awaitable;
using session::client_session_ptr;

/// Lives in the coroutine that it runs in.
class several {
 public:
  several(const kill_matching& what, const principal& who, execution_context& context)
      : what_(what), who_(who), context_(context), kind_(kind_of(what)) {}

  awaitable<result> kill() {
    auto bound = row_filter::bind(what_.where, process_columns());
    if (auto* wrong = std::get_if<failure>(&bound)) co_return std::move(*wrong);
    filter_ = std::make_shared<const row_filter>(std::get<row_filter>(std::move(bound)));
    co_await find_elsewhere();
    const auto chosen = std::min(found_.size(), what_.limit.value_or(found_.size()));
    const auto most = what_.max.value_or(what_.limit.value_or(context_.kill_where_max));
    if (chosen > most) co_return too_many_match(chosen, most);
    matched_ = found_.size();
    found_.resize(chosen);
    rows_.resize(chosen);
    co_await end_all();
    co_return report();
  }

 private:
  /// Thousands of sessions take their time: not on a thread that others wait for.
  awaitable<void> find_elsewhere() {
    if (context_.listings_on) {
      co_await boost::asio::co_spawn(context_.listings_on, find(), boost::asio::use_awaitable);
    } else {
      co_await find();
    }
  }

  /// By cs_id, the caller's own the last.
  awaitable<void> find() {
    found_ = context_.sessions.list();
    breather pause;
    std::erase_if(found_, [&](const auto& each) {
      pause.step();
      const bool left_out = is_self(*each) && !what_.include_self;
      return left_out || may(who_, kind_, *each) != verdict::allowed || !filter_->matches(process_row(*each, true));
    });
    std::ranges::sort(found_, {}, [&](const auto& each) { return std::pair(is_self(*each), each->cs_id()); });
    co_return;
  }

  awaitable<void> end_all() {
    const bool self_last = !found_.empty() && is_self(*found_.back());
    const auto others = found_.size() - (self_last ? 1 : 0);
    // Those that wait for their targets cost nothing, and would hold up the others.
    const auto at_once = what_.how.when == kill_moment::at_once ? context_.kills_at_once : others;
    co_await run_in_lanes(others, at_once, [this](std::size_t at) { return end_one(at); });
    if (self_last) co_await end_one(others);
  }

  awaitable<void> end_one(std::size_t at) {
    const auto& target = *found_[at];
    auto shown = process_row(target, true);
    if (what_.dry_run) {
      rows_[at] = kill_target_row(shown, nullptr);
      co_return;
    }
    const auto done = co_await execute(one(target), who_, context_);
    if (const auto* outcome = std::get_if<kill_outcome>(&done)) {
      const bool spared =
          outcome->status == kill_status::already_idle || outcome->status == kill_status::ended_otherwise;
      if (!spared) ++killed_;
      if (outcome->status == kill_status::killed_self) self_ = true;
    }
    rows_[at] = kill_target_row(shown, &done);
  }

  [[nodiscard]] command one(const session::client_session& target) const {
    session_id id(target.cs_id(), id_form::cs_id);
    if (what_.query) return kill_query{.id = std::move(id), .how = what_.how, .only_if = filter_};
    return kill_session{.id = std::move(id), .how = what_.how, .only_if = filter_};
  }

  result report() {
    kill_report told{.dry_run = what_.dry_run,
                     .query = what_.query,
                     .matched = matched_,
                     .killed = killed_,
                     .self = self_,
                     .targets = {.json_name = "targets", .columns = {}, .rows = std::move(rows_), .total = 0}};
    const auto columns = kill_target_columns();
    told.targets.columns.assign(columns.begin(), columns.end());
    told.targets.total = told.targets.rows.size();
    return told;
  }

  [[nodiscard]] bool is_self(const session::client_session& each) const {
    return who_.cs_id != 0 && each.cs_id() == who_.cs_id;
  }

  const kill_matching& what_;
  const principal& who_;
  execution_context& context_;
  const command_kind kind_;
  kill_condition filter_;
  std::vector<client_session_ptr> found_;
  std::vector<std::vector<cell>> rows_;
  std::size_t matched_ = 0;
  std::size_t killed_ = 0;
  bool self_ = false;
};

}  // namespace

awaitable<result> kill(const kill_matching& what, const principal& who, execution_context& context) {
  several targets(what, who, context);
  co_return co_await targets.kill();
}

}  // namespace sessiongate::admin
