// Events as server-sent events (the text/event-stream of the HTML standard): what a request asks for, and the text that
// goes to the reader. Pure functions; event_readers.hpp does the sending.
//
//   id: 1764300000000001
//   event: session_closed
//   data: {"id":1764300000000001,"at":…}
#pragma once

#include "admin/event_log.hpp"
#include "admin/http_api.hpp"
#include "admin/predicate.hpp"
#include "admin/principal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sessiongate::admin {

/// What a reader follows.
struct event_subscription {
  principal reader;
  row_filter filter;
  std::optional<std::uint64_t> last_seen{};  // Last-Event-ID
};

/// `Accept: text/event-stream`, and the command is the listing of events. Not for HEAD.
bool asks_for_stream(const http_request& request, const command& what);

/// A failure: a filter that is none (1054, 1292), a page of a stream, a Last-Event-ID that is no number.
std::variant<event_subscription, failure> subscribe(const http_request& request, const show_table& asked,
                                                    principal reader);

/// The head of the answer. `chunked` when the body comes in chunks, which HTTP/1.0 does not know.
std::string stream_head(bool chunked);

/// One event, when it is for this reader.
std::string to_stream(const event& happened, const event_subscription& of);
/// Tells a reader who comes back that something is missing between what it has seen and what comes.
std::string gap_notice(const event_log::start& from, std::uint64_t asked);
/// A comment, with the place from which to go on.
std::string heartbeat(std::uint64_t last_id);

/// A chunk of HTTP/1.1; an empty text is the last one.
std::string to_chunk(std::string_view text);

}  // namespace sessiongate::admin
