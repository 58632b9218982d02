#include "session/endpoint.hpp"

#include <catch2/catch.hpp>

using sessiongate::session::endpoint;

TEST_CASE("an endpoint is written as host and port, with brackets for IPv6") {
  CHECK(endpoint{"10.0.0.1", 3306}.text() == "10.0.0.1:3306");
  CHECK(endpoint{"::1", 3306}.text() == "[::1]:3306");
  CHECK(endpoint{"db.example.org", 65535}.text() == "db.example.org:65535");
  CHECK(endpoint{}.text() == ":0");
}

TEST_CASE("a Unix socket is written with its path, a client on one as localhost") {
  CHECK(endpoint{"/run/mysqld/mysqld.sock", 0}.text() == "unix:/run/mysqld/mysqld.sock");
  CHECK(endpoint{"/run/mysqld/mysqld.sock", 0}.is_unix());
  CHECK(endpoint::local().text() == "localhost");
  CHECK(endpoint::local().is_local());
  CHECK_FALSE(endpoint{"localhost", 3306}.is_local());
  CHECK(endpoint{"localhost", 3306}.text() == "localhost:3306");
}

TEST_CASE("endpoints are equal when address and port are") {
  CHECK(endpoint{"10.0.0.1", 3306} == endpoint{"10.0.0.1", 3306});
  CHECK(endpoint{"10.0.0.1", 3306} != endpoint{"10.0.0.1", 3307});
  CHECK(endpoint{"10.0.0.1", 3306} != endpoint{"10.0.0.2", 3306});
}
