#include "admin/drain_command.hpp"

#include "admin/authorize.hpp"
#include "admin/breather.hpp"
#include "admin/drain_table.hpp"
#include "admin/drains.hpp"
#include "admin/failures.hpp"
#include "admin/process_table.hpp"

#include <utility>

namespace sessiongate::admin {

result begin_drain(const start_drain& what, const principal& who, execution_context& context) {
  const auto bound = row_filter::bind(what.where, process_columns());
  if (const auto* wrong = std::get_if<failure>(&bound)) return *wrong;
  const auto& filter = std::get<row_filter>(bound);
  auto targets = context.sessions.list();
  breather pause;
  std::erase_if(targets, [&](const auto& each) {
    pause.step();
    const bool is_self = who.cs_id != 0 && each->cs_id() == who.cs_id;
    return is_self || may(who, command_kind::drain, *each) != verdict::allowed ||
           !filter.matches(process_row(*each, true));
  });
  const auto begun = context.draining->begin(to_text(what.where), what.how, who, targets);
  if (!begun) return too_many_drains();
  return to_table(*begun);
}

result end_drain(const cancel_drain& what, execution_context& context) {
  const auto over = context.draining->cancel(what.number);
  if (!over) return unknown_drain(what.number);
  return to_table(*over);
}

}  // namespace sessiongate::admin
