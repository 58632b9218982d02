#include "admin/event_stream.hpp"

#include "admin/event_table.hpp"
#include "admin/json_render.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace sessiongate::admin {

namespace {

namespace http = boost::beast::http;
using json = nlohmann::ordered_json;

std::string_view to_view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

/// Names come from clients and need not be UTF-8.
std::string to_text(const json& data) {
  return data.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string message(std::uint64_t id, std::string_view type, const json& data) {
  return "id: " + std::to_string(id) + "\nevent: " + std::string(type) + "\ndata: " + to_text(data) + "\n\n";
}

failure bad_request(std::string message) {
  failure wrong;
  wrong.message = std::move(message);
  return wrong;
}

std::optional<std::uint64_t> to_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(value) : std::nullopt;
}

}  // namespace

bool asks_for_stream(const http_request& request, const command& what) {
  const auto* const list = std::get_if<show_table>(&what);
  return list != nullptr && list->what == listing::events && request.method() == http::verb::get &&
         to_view(request[http::field::accept]).find("text/event-stream") != std::string_view::npos;
}

std::variant<event_subscription, failure> subscribe(const http_request& request, const show_table& asked,
                                                    principal reader) {
  if (!asked.query.order.empty() || asked.query.limit || asked.query.offset != 0)
    return bad_request("A stream of events takes no sort, limit or offset");
  auto filter = row_filter::bind(asked.query.where, event_columns());
  if (auto* wrong = std::get_if<failure>(&filter)) return std::move(*wrong);
  event_subscription made{.reader = std::move(reader), .filter = std::get<row_filter>(std::move(filter))};
  const auto last_seen = to_view(request["Last-Event-ID"]);
  if (last_seen.empty()) return made;
  made.last_seen = to_number(last_seen);
  if (!made.last_seen) return bad_request("Last-Event-ID is no number");
  return made;
}

std::string stream_head(bool chunked) {
  return std::string(
             "HTTP/1.1 200 OK\r\nServer: sessiongate\r\nContent-Type: text/event-stream\r\n"
             "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\nConnection: close\r\n") +
         (chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n");
}

std::string to_stream(const event& happened, const event_subscription& of) {
  const auto row = event_row(happened, of.reader);
  if (!row || !of.filter.matches(*row)) return {};
  return message(happened.id, admin::to_text(happened.type), render_row(event_columns(), *row));
}

std::string gap_notice(const event_log::start& from, std::uint64_t asked) {
  json data{{"last_seen", asked}, {"next", from.after + 1}, {"missed", nullptr}};
  if (from.missed) data["missed"] = *from.missed;
  return message(from.after, "gap", data);
}

std::string heartbeat(std::uint64_t last_id) {
  return ": heartbeat\nid: " + std::to_string(last_id) + "\n\n";
}

std::string to_chunk(std::string_view text) {
  std::array<char, 16> size{};
  const auto [end, error] = std::to_chars(size.data(), size.data() + size.size(), text.size(), 16);
  std::string chunk(size.data(), end);
  chunk += "\r\n";
  chunk += text;
  chunk += "\r\n";
  return chunk;
}

}  // namespace sessiongate::admin
