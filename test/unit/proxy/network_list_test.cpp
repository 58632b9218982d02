#include "proxy/network_list.hpp"

#include <catch2/catch.hpp>

using sessiongate::proxy::network_list;

TEST_CASE("a network contains the addresses with its prefix, of its own family") {
  network_list list;
  REQUIRE(list.add("10.0.0.0/8"));
  REQUIRE(list.add("192.0.2.16/28"));
  REQUIRE(list.add("2001:db8::/32"));
  REQUIRE(list.add("::1"));
  CHECK(list.text() == "10.0.0.0/8,192.0.2.16/28,2001:db8::/32,::1");
  for (const auto* inside : {"10.255.255.255", "192.0.2.16", "192.0.2.31", "2001:db8:ffff::1", "::1"}) {
    INFO(inside);
    CHECK(list.contains(inside));
  }
  for (const auto* outside : {"11.0.0.0", "192.0.2.15", "192.0.2.32", "2001:db9::", "::2", "::", "localhost", ""}) {
    INFO(outside);
    CHECK_FALSE(list.contains(outside));
  }
}

TEST_CASE("all addresses of a family, and Unix sockets") {
  network_list all;
  CHECK(all.empty());
  REQUIRE(all.add("0.0.0.0/0"));
  CHECK(all.contains("255.1.2.3"));
  CHECK_FALSE(all.contains("::1"));
  CHECK_FALSE(all.contains("localhost"));
  network_list local;
  REQUIRE(local.add("localhost"));
  CHECK_FALSE(local.empty());
  CHECK(local.contains("localhost"));
  CHECK_FALSE(local.contains("127.0.0.1"));
}

TEST_CASE("what is no network is refused") {
  network_list list;
  for (const auto* text : {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0.1/8", "::1/129", "2001:db8::1/32",
                           "10.0.0.0/-1", "host", "10.0.0/8", "10.0.0.0/8 "}) {
    INFO(text);
    CHECK_FALSE(list.add(text));
  }
  CHECK(list.empty());
}
