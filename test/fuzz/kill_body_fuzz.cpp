// Any body of POST /v1/kill: it is refused, or it says which sessions are meant, with a predicate that SQL reads as the
// same, and with a manner that holds its rules.
#include "admin/http_api.hpp"
#include "admin/query_parser.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <variant>

namespace {

using namespace sessiongate::admin;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  http_request request(boost::beast::http::verb::post, "/v1/kill", 11);
  request.body().assign(reinterpret_cast<const char*>(data), size);
  const auto route = route_request(request);
  if (const auto* wrong = std::get_if<http_answer>(&route)) {
    require(wrong->status == 400);
    make_response(request, *wrong);  // whatever is quoted from the body can be written
    return 0;
  }
  const auto& read = std::get<kill_matching>(std::get<command>(route));
  require(!read.where.all.empty() && read.limit != 0U && read.max != 0U);
  require(is_consistent(read.how) && is_kill_reason(read.how.reason));
  require(!read.query || read.how.when == kill_moment::at_once);
  const auto again = parse_predicate(to_text(read.where));
  if (const auto* same = std::get_if<predicate>(&again)) require(same->all.size() == read.where.all.size());
  return 0;
}
