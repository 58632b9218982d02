// Who asks over HTTP: the bearer token of a request. Pure functions; http_server.cpp does the waiting.
#pragma once

#include "admin/access_tokens.hpp"
#include "admin/http_api.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace sessiongate::admin {

/// Everything under /v1 does, whether there is something at that path or not.
bool needs_token(const http_request& request);

/// What stands behind `Authorization: Bearer `, the scheme in any case. It lives as long as the request.
std::optional<std::string_view> bearer_token(const http_request& request);

/// Over HTTP, or so with `sessiongate ctl`, as the client names itself.
command_face face_of(const http_request& request);

http_answer no_tokens_configured();                                   // 401
http_answer token_missing();                                          // 401
http_answer token_wrong();                                            // 401
http_answer too_many_wrong_tokens(std::chrono::seconds retry_after);  // 429

}  // namespace sessiongate::admin
