#include "admin/http_access.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace sessiongate::admin {
namespace {

namespace http = boost::beast::http;

http_request asking(std::string_view target) {
  return {http::verb::get, std::string(target), 11};
}

TEST_CASE("everything under /v1 needs a token, and nothing else", "[admin][http_access]") {
  for (const auto* target : {"/v1", "/v1?x", "/v1/", "/v1/sessions", "/v1/nothing", "/v1/../metrics"}) {
    CHECK(needs_token(asking(target)));
  }
  for (const auto* target : {"/", "/metrics", "/healthz", "/v10", "/v1x/sessions", "/V1x"}) {
    CHECK_FALSE(needs_token(asking(target)));
  }
}

TEST_CASE("a bearer token stands behind its scheme", "[admin][http_access]") {
  auto request = asking("/v1/sessions");
  CHECK_FALSE(bearer_token(request));
  for (const auto* given : {"Bearer secret", "bearer secret", "BEARER secret"}) {
    request.set(http::field::authorization, given);
    CHECK(bearer_token(request) == "secret");
  }
  for (const auto* given : {"Basic secret", "secret", "Bearersecret", ""}) {
    request.set(http::field::authorization, given);
    CHECK_FALSE(bearer_token(request));
  }
}

}  // namespace
}  // namespace sessiongate::admin
