// The listings that are about the proxy, not about sessions: settings, threads, connections, counters, memory, facts,
// backends. Their columns, and their rows from what proxy_view tells.
#pragma once

#include "admin/listing.hpp"

#include <span>
#include <vector>

namespace sessiongate::admin {

using table_rows = std::vector<std::vector<cell>>;

std::span<const column> config_columns();
table_rows config_rows(const show_table& asked, const principal& who, execution_context& context);

std::span<const column> thread_columns();
table_rows thread_rows(const show_table& asked, const principal& who, execution_context& context);

/// One row for each socket of a session: the client's, and those to backends.
std::span<const column> connection_columns();
table_rows connection_rows(const show_table& asked, const principal& who, execution_context& context);

std::span<const column> statistic_columns();
table_rows statistic_rows(const show_table& asked, const principal& who, execution_context& context);

std::span<const column> memory_columns();
table_rows memory_rows(const show_table& asked, const principal& who, execution_context& context);

std::span<const column> fact_columns();
table_rows fact_rows(const show_table& asked, const principal& who, execution_context& context);

std::span<const column> backend_columns();
table_rows backend_rows(const show_table& asked, const principal& who, execution_context& context);

}  // namespace sessiongate::admin
