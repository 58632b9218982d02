// The HTTP face: a pure function from request to either an answer or a command to execute. No sockets here.
//
//   GET    /v1/sessions?user=&tenant=&cluster=&db=&host=&state=&limit=     show_sessions
//   GET    /v1/sessions/{id}?like=                                         show_session
//   DELETE /v1/sessions/{id}                                               kill_session
//   DELETE /v1/sessions/{id}/server-sessions/{ss_id}                       kill_server_session
//   POST   /v1/sessions/{id}/kill-query                                    kill_query
//   GET    /healthz  /readyz  /metrics                                     open, without a token
//
// 401 without the right bearer token (and always while none is configured), 400 for what cannot be an id or a filter
// and for parameters that a path does not have, 404 for unknown paths, 405 with Allow for a known path and a wrong
// method. HEAD is GET without the body.
#pragma once

#include "admin/command.hpp"
#include "admin/json_render.hpp"

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace sessiongate::admin {

using http_request = boost::beast::http::request<boost::beast::http::string_body>;
using http_response = boost::beast::http::response<boost::beast::http::string_body>;

enum class open_page : std::uint8_t { health, readiness, metrics };

/// What to do for a request: an open page, an authorized command, or an answer that is ready (an error).
using http_route = std::variant<open_page, command, http_answer>;

/// `token` is the configured bearer token; empty: none is configured. Compared in constant time.
http_route route_request(const http_request& request, std::string_view token);

/// Builds the response for an answer: content type, WWW-Authenticate for 401, Allow for 405, keep-alive as the request
/// asked.
http_response make_response(const http_request& request, const http_answer& answer);
http_response make_text_response(const http_request& request, unsigned status, std::string_view content_type,
                                 std::string body);

/// %41 is `A` and `+` is a space; empty when a % is not followed by two hexadecimal digits.
std::optional<std::string> decode_percent(std::string_view text);

}  // namespace sessiongate::admin
