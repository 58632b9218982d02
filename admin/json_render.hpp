// A result as the HTTP client sees it: a JSON object, or a problem+json body (RFC 9457).
#pragma once

#include "admin/result.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace sessiongate::admin {

struct http_answer {
  unsigned status = 200;
  bool problem = false;  // the body is application/problem+json
  nlohmann::ordered_json body = nullptr;
  std::string allow{};                 // 405 only: the methods that would do
  std::chrono::seconds retry_after{};  // 429 only
};

/// One row, as GET lists it.
nlohmann::ordered_json render_row(std::span<const column> columns, const std::vector<cell>& row);

http_answer render_json(const result& what);

/// `{"type":"about:blank","title":…,"status":…,"detail":…}`; the title is the status's own phrase.
http_answer make_problem(unsigned status, std::string detail);

}  // namespace sessiongate::admin
