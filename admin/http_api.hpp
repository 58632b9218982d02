// The HTTP face: a pure function from request to either an answer or a command to execute. No sockets here.
//
//   /v1/…                           what command_table.hpp lists, with queries as in http_query.hpp
//   /healthz  /readyz  /metrics  /openapi.json     open, without a token
//
// 400 for what cannot be an id or a filter and for parameters that a path does not have, 404 for unknown paths, 405
// with Allow for a known path and a wrong method. HEAD is GET without the body. Who asks is known by then:
// http_access.hpp.
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

enum class open_page : std::uint8_t { health, readiness, metrics, openapi };

/// What to do for a request: an open page, a command, or an answer that is ready (an error).
using http_route = std::variant<open_page, command, http_answer>;

http_route route_request(const http_request& request);

/// Builds the response for an answer: content type, WWW-Authenticate for 401, Allow for 405, keep-alive as the request
/// asked.
http_response make_response(const http_request& request, const http_answer& answer);
/// What a command gave: JSON, or with `Accept: text/plain` an aligned table. Failures are problems in JSON always.
http_response make_result_response(const http_request& request, const result& what);
/// /openapi.json: 304 when the request has its ETag already.
http_response make_openapi_response(const http_request& request);
http_response make_text_response(const http_request& request, unsigned status, std::string_view content_type,
                                 std::string body);

}  // namespace sessiongate::admin
