#include "admin/session_stats.hpp"

#include <array>
#include <chrono>
#include <numeric>
#include <string>
#include <string_view>

namespace sessiongate::admin {

namespace {

using session::request_kind;
using session::response_kind;
using session::session_statistics;
using session::tally;

constexpr column columns[] = {
    {.sql_name = "stat_name", .json_name = "stat_name"},
    {.sql_name = "value", .json_name = "value", .type = value_type::signed_integer},
};

constexpr std::array<std::string_view, 7> size_names{"100", "1K", "3K", "5K", "10K", "1M", "inf"};

class stat_list {
 public:
  void add(std::string name, std::uint64_t value) {
    rows.push_back({std::move(name), static_cast<std::int64_t>(value)});
  }
  void add_time(std::string name, const tally& counted) {
    const auto time = session::to_duration(counted.value());
    add(std::move(name),
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(time).count()));
  }
  template <std::size_t Size>
  void add_sizes(std::string_view of, const std::array<tally, Size>& counted) {
    static_assert(Size == size_names.size());
    for (std::size_t at = 0; at < Size; ++at) {
      add(std::string(of) + std::string(size_names[at]) + "_count", counted[at].value());
    }
  }

  std::vector<std::vector<cell>> rows;
};

template <std::size_t Size>
std::uint64_t sum(const std::array<tally, Size>& of) {
  return std::accumulate(of.begin(), of.end(), std::uint64_t{0},
                         [](std::uint64_t total, const tally& each) { return total + each.value(); });
}

void add_totals(stat_list& list, const session::client_session& of, const session_statistics& counted) {
  const auto from_client = of.activity().bytes_from_client();
  const auto from_server = of.activity().bytes_from_server();
  const auto internal = counted.internal_bytes.value();
  list.add("total_transaction_count", of.transaction_count());
  list.add("total_query_count", sum(counted.requests) + counted.internal_requests.value());
  list.add("client_request_total_size", from_client);
  list.add("client_response_total_size", from_server + counted.internal_answer_bytes.value());
  list.add("server_request_total_size", from_client > internal ? from_client - internal : 0);
  list.add("server_response_total_size", from_server);
  list.add_time("total_transactions_time", counted.transaction_time);
  list.add_time("total_client_response_write_time", counted.client_write_time);
  list.add_time("total_client_transaction_idle_time", counted.client_idle_time);
  list.add_time("total_server_process_request_time", counted.server_time);
  list.add_time("total_server_response_read_time", counted.response_time);
}

void add_requests(stat_list& list, const session_statistics& counted) {
  const auto of = [&](request_kind kind) { return counted.requests[static_cast<std::size_t>(kind)].value(); };
  const auto internal = counted.internal_requests.value();
  list.add("client_requests", sum(counted.requests) + internal);
  list.add("client_internal_requests", internal);
  list.add("client_completed_requests", sum(counted.responses) + internal);
  list.add("client_select_requests", of(request_kind::select));
  list.add("client_insert_requests", of(request_kind::insert));
  list.add("client_update_requests", of(request_kind::update));
  list.add("client_delete_requests", of(request_kind::remove));
  list.add("client_prepared_requests", of(request_kind::prepared));
  list.add("client_other_requests", of(request_kind::other) + internal);
  list.add_sizes("request_size_", counted.request_sizes);
  list.add_sizes("response_size_", counted.response_sizes);
}

void add_responses(stat_list& list, const session_statistics& counted) {
  const auto of = [&](response_kind kind) { return counted.responses[static_cast<std::size_t>(kind)].value(); };
  list.add("server_requests", sum(counted.requests));
  list.add("server_responses", sum(counted.responses));
  list.add("server_error_responses", of(response_kind::error));
  list.add("server_resultset_responses", of(response_kind::result_set));
  list.add("server_ok_responses", of(response_kind::ok));
  list.add("server_other_responses", of(response_kind::other));
}

}  // namespace

std::span<const column> stat_columns() {
  return columns;
}

std::vector<std::vector<cell>> stat_rows(const show_table& /*asked*/, const session::client_session& target) {
  static const session_statistics nothing;
  const auto* counted = target.activity().statistics();
  if (counted == nullptr) counted = &nothing;
  target.activity().note_reported();
  stat_list list;
  add_totals(list, target, *counted);
  add_requests(list, *counted);
  add_responses(list, *counted);
  return std::move(list.rows);
}

}  // namespace sessiongate::admin
