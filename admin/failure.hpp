// Why a command did not do what it was asked to. failures.hpp makes them.
#pragma once

#include "admin/kill_outcome.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::admin {

enum class failure_kind : std::uint8_t {
  malformed,     // 5010 (21000) · 400
  unknown_id,    // 1094 (HY000) · 404
  not_owner,     // 1095 (HY000) · 403
  ambiguous,     // 1105 (HY000) · 409, with the candidates
  unauthorized,  // 1045 (28000) · 401
  forbidden,     // 1227 (42000) · 403
  bad_value,     // the proxy's own error in `code`: 1054, 1231 or 1292 · 400
  unknown_name,  // 1193 (HY000) · 404
  read_only,     // 1238 (HY000) · 409
  busy,          // 1105 (HY000) · 503
  backend,       // the backend's own error · 502
  timeout,       // 1105 (HY000) · 504
  changed,       // 1105 (HY000) · 409: it is not as it was when it was chosen
  too_many,      // 1105 (HY000) · 409: more than may be hit at once
};
std::string_view to_text(failure_kind kind);

struct failure {
  struct candidate {
    std::uint32_t cs_id = 0;
    std::string backend;
    std::uint32_t connection_id = 0;
  };
  /// The session that an id meant before it ended.
  struct ended_session {
    std::uint32_t cs_id = 0;
    std::uint64_t proxy_sessid = 0;
    std::string closed_at;  // RFC 3339
    std::string reason;
    std::string detail;
  };
  failure_kind kind = failure_kind::malformed;
  std::string message;
  std::vector<candidate> candidates;  // ambiguous only
  std::uint16_t code = 0;             // backend: its error number and SQLSTATE; those whose kind has several numbers
  std::string sqlstate;
  std::optional<ended_session> ended{};  // unknown_id only; none: there was none that the caller may know of
  std::optional<kill_end> outcome{};     // of a kill: how it ended
  std::optional<kill_outcome> target{};  // of a kill: what is known of the session that was found
};

/// The word for a kill that failed so.
kill_end end_of(const failure& of_kill);

}  // namespace sessiongate::admin
