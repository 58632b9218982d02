#include "proxy/operator_account.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate::proxy;

TEST_CASE("private addresses are loopback, link-local and those that no router passes on") {
  const address_list local("private");
  for (const auto* inside : {"127.0.0.1", "127.255.255.255", "::1", "10.0.0.0", "10.255.255.255", "172.16.0.1",
                             "172.31.255.255", "192.168.0.1", "169.254.1.1", "fc00::1", "fdff::1", "fe80::1", "febf::1",
                             "::ffff:10.0.0.1", "::ffff:127.0.0.1"}) {
    CAPTURE(inside);
    CHECK(local.contains(inside));
  }
  for (const auto* outside :
       {"8.8.8.8", "126.255.255.255", "128.0.0.1", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.169.0.0",
        "169.253.0.0", "::", "::2", "fe00::1", "fec0::1", "2001:db8::1", "::ffff:8.8.8.8", "", "10.0.0"}) {
    CAPTURE(outside);
    CHECK_FALSE(local.contains(outside));
  }
}

TEST_CASE("networks of every length") {
  address_list list;
  for (const auto* each : {"10.1.2.3", "10.2.0.0/23", "10.3.0.128/25", "2001:db8::/33", "2001:db9::7"})
    CHECK(list.add(each));
  CHECK(list.text() == "10.1.2.3,10.2.0.0/23,10.3.0.128/25,2001:db8::/33,2001:db9::7");
  for (const auto* inside :
       {"10.1.2.3", "10.2.0.0", "10.2.1.255", "10.3.0.128", "10.3.0.255", "2001:db8:7fff::", "2001:db9::7"}) {
    CAPTURE(inside);
    CHECK(list.contains(inside));
  }
  for (const auto* outside : {"10.1.2.2", "10.2.2.0", "10.1.255.255", "10.3.0.127", "2001:db8:8000::", "2001:db9::8"}) {
    CAPTURE(outside);
    CHECK_FALSE(list.contains(outside));
  }
  CHECK(address_list("any").contains("8.8.8.8"));
  CHECK(address_list("any").contains("2001:db8::1"));
  CHECK(address_list("0.0.0.0/0").contains("8.8.8.8"));
  CHECK_FALSE(address_list("0.0.0.0/0").contains("2001:db8::1"));
  CHECK_FALSE(address_list().contains("127.0.0.1"));
  for (const auto* each : {"private", "any", "localhost"}) CHECK(address_list(each).contains("localhost"));
  CHECK_FALSE(address_list("127.0.0.0/8").contains("localhost"));
}

TEST_CASE("what is no address is refused") {
  address_list list;
  for (const auto* wrong : {"", "10", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "::/129", "/8", "sys",
                            "10.%", "%", "10.0.0.0/8/8"}) {
    CAPTURE(wrong);
    CHECK_FALSE(list.add(wrong));
  }
  CHECK(list.text().empty());
}

TEST_CASE("operators are named with an address, never with a tenant") {
  const auto plain = parse_operator("dba");
  REQUIRE(plain);
  CHECK(plain->user == "dba");
  CHECK(plain->from.contains("8.8.8.8"));
  CHECK(to_text(*plain) == "dba");
  const auto limited = parse_operator("dba@10.0.0.0/8");
  REQUIRE(limited);
  CHECK(limited->user == "dba");
  CHECK(limited->from.contains("10.9.9.9"));
  CHECK_FALSE(limited->from.contains("11.0.0.1"));
  CHECK(to_text(*limited) == "dba@10.0.0.0/8");
  const auto with_at = parse_operator("joe@example.com@any");
  REQUIRE(with_at);
  CHECK(with_at->user == "joe@example.com");
  CHECK_FALSE(parse_operator("root@sys"));
  CHECK_FALSE(parse_operator("@127.0.0.1"));
  CHECK_FALSE(parse_operator(""));
}
