#include "protocol/proxy_header.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sessiongate::protocol;
using namespace std::string_literals;
using kind = proxy_header_scan::kind;

namespace {

proxy_header_scan scan(std::string_view text) {
  return scan_proxy_header(as_bytes(text));
}

std::string written(proxy_header_form form, const proxy_header& value) {
  bytes out;
  write_proxy_header(out, form, value);
  return std::string(as_text(out));
}

const auto signature = "\r\n\r\n\0\r\nQUIT\n"s;
const auto tcp4_addresses = "\xc0\0\x02\x01\xc6\x33\x64\x07\xdc\x04\x0c\xea"s;  // 192.0.2.1:56324 to 198.51.100.7:3306

std::string binary(char version_and_command, char family, std::string_view body) {
  return signature + version_and_command + family + static_cast<char>(body.size() >> 8U) +
         static_cast<char>(body.size()) + std::string(body);
}

bool good(std::string_view line) {
  const auto found = scan(std::string(line) + "\r\n");
  INFO(line);
  CHECK((found.what == kind::complete || found.what == kind::malformed));
  return found.what == kind::complete;
}

}  // namespace

TEST_CASE("version 1 names the source and the destination") {
  const auto text = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 3306\r\n"s;
  const auto found = scan(text + "what follows");
  REQUIRE(found.what == kind::complete);
  CHECK(found.size == text.size());
  CHECK(found.header.has_addresses);
  CHECK(found.header.source == ip_endpoint{false, {192, 0, 2, 1}, 56324});
  CHECK(found.header.destination == ip_endpoint{false, {198, 51, 100, 7}, 3306});
  CHECK(written(proxy_header_form::v1, found.header) == text);
  for (std::size_t cut = 0; cut < text.size(); ++cut) CHECK(scan(text.substr(0, cut)).what == kind::need_more);
}

TEST_CASE("version 1 with IPv6 in all its spellings") {
  const ip_endpoint expected{true, {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, 1};
  for (const auto* text : {"2001:db8::102:304", "2001:0db8:0:0:0:0:0102:0304", "2001:DB8::1.2.3.4",
                           "2001:db8:0:0:0:0:1.2.3.4", "2001:db8::0:102:304"}) {
    INFO(text);
    const auto found = scan("PROXY TCP6 "s + text + " ::1 1 2\r\n");
    REQUIRE(found.what == kind::complete);
    CHECK(found.header.source == expected);
    CHECK(found.header.destination.address[15] == 1);
  }
  for (const auto* text : {"", ":", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", ":::", "1:2:3:4:5:6:7::8",
                           "12345::", "g::", "::1:", ":1", "1.2.3.4", "::1.2.3", "::1.2.3.256", "1.2.3.4::", "::1%eth0",
                           "-1::", "::1.2.3.4:5"}) {
    CHECK_FALSE(good("PROXY TCP6 "s + text + " ::1 1 2"));
  }
  CHECK(good("PROXY TCP6 :: ::1 1 2"));
}

TEST_CASE("version 1 UNKNOWN keeps the connection's addresses, whatever else the line says") {
  for (const auto* line : {"PROXY UNKNOWN", "PROXY UNKNOWN ffff::1 ffff::2 65535 65535", "PROXY UNKNOWN something"}) {
    const auto found = scan(std::string(line) + "\r\n");
    REQUIRE(found.what == kind::complete);
    CHECK_FALSE(found.header.has_addresses);
  }
  CHECK(written(proxy_header_form::v1, {}) == "PROXY UNKNOWN\r\n");
}

TEST_CASE("version 1 is read strictly") {
  CHECK(good("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535"));
  for (const auto* line : {"PROXY",
                           "PROXY ",
                           "PROXY  TCP4 1.2.3.4 1.2.3.4 1 2",
                           "PROXY TCP4 1.2.3.4 1.2.3.4 1",
                           "PROXY tcp4 1.2.3.4 1.2.3.4 1 2",
                           "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 ",
                           "PROXY TCP4 1.2.3.4 1.2.3.4  1 2",
                           "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536",
                           "PROXY TCP4 1.2.3.4 1.2.3.4 01 2",
                           "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2",
                           "PROXY TCP4 1.2.3.4 1.2.3.4 +1 2",
                           "PROXY TCP4 1.2.3 1.2.3.4 1 2",
                           "PROXY TCP4 1.2.3.256 1.2.3.4 1 2",
                           "PROXY TCP4 1.2.3.04 1.2.3.4 1 2",
                           "PROXY TCP4 1.2.3.4.5 1.2.3.4 1 2",
                           "PROXY TCP4 ::1 ::1 1 2",
                           "PROXY UDP4 1.2.3.4 1.2.3.4 1 2",
                           "PROXYTCP4",
                           "PROXY TCP5 1.2.3.4 1.2.3.4 1 2",
                           "PROXY UNKNOWNS"}) {
    CHECK_FALSE(good(line));
  }
  CHECK(scan("PROXY UNKNOWN\n").what == kind::malformed);
  CHECK(scan("PROXY UNKNOWN\rx").what == kind::malformed);
  CHECK(scan("PROXY UNKNOWN\0\r\n"s).what == kind::malformed);
  const auto longest = "PROXY UNKNOWN " + std::string(91, 'x') + "\r\n";
  CHECK(longest.size() == 107);
  CHECK(scan(longest).what == kind::complete);
  CHECK(scan(std::string(longest).insert(20, "x")).what == kind::malformed);
  CHECK(scan("PROXY " + std::string(101, 'x')).what == kind::malformed);  // no end may come any more
}

TEST_CASE("version 2 names the source and the destination") {
  const auto text = binary('\x21', '\x11', tcp4_addresses);
  const auto found = scan(text + "what follows");
  REQUIRE(found.what == kind::complete);
  CHECK(found.size == text.size());
  CHECK(found.header.source == ip_endpoint{false, {192, 0, 2, 1}, 56324});
  CHECK(found.header.destination == ip_endpoint{false, {198, 51, 100, 7}, 3306});
  CHECK(written(proxy_header_form::v2, found.header) == text);
  for (std::size_t cut = 0; cut < text.size(); ++cut) CHECK(scan(text.substr(0, cut)).what == kind::need_more);

  const auto six = binary('\x21', '\x21', std::string(15, '\0') + "\x01" + std::string(15, '\0') + "\x02\0\x07\0\x08"s);
  const auto found_six = scan(six);
  REQUIRE(found_six.what == kind::complete);
  CHECK(found_six.header.source == ip_endpoint{true, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 7});
  CHECK(found_six.header.destination.port == 8);
  CHECK(written(proxy_header_form::v2, found_six.header) == six);
}

TEST_CASE("version 2 LOCAL, unspecified and Unix keep the connection's addresses") {
  for (const auto& text : {binary('\x20', '\0', ""), binary('\x20', '\x11', "anything"), binary('\x21', '\0', ""),
                           binary('\x21', '\x31', std::string(216, 'p'))}) {
    const auto found = scan(text);
    REQUIRE(found.what == kind::complete);
    CHECK(found.size == text.size());
    CHECK_FALSE(found.header.has_addresses);
  }
  CHECK(written(proxy_header_form::v2, {}) == binary('\x20', '\0', ""));
}

TEST_CASE("version 2 is read strictly") {
  for (const auto& text : {binary('\x11', '\x11', tcp4_addresses), binary('\x31', '\x11', tcp4_addresses),
                           binary('\x22', '\x11', tcp4_addresses), binary('\x21', '\x12', tcp4_addresses),
                           binary('\x21', '\x13', tcp4_addresses), binary('\x21', '\x41', tcp4_addresses),
                           binary('\x21', '\x11', tcp4_addresses.substr(1)), binary('\x21', '\x21', tcp4_addresses),
                           binary('\x21', '\x31', tcp4_addresses)}) {
    CHECK(scan(text).what == kind::malformed);
  }
}

TEST_CASE("the extensions of version 2 are skipped when they fit, and their checksum has to be right") {
  const auto fits = scan(binary('\x21', '\x11',
                                tcp4_addresses + "\x02\0\x03"
                                                 "abc\x04\0\0"s));
  CHECK(fits.what == kind::complete);
  CHECK(fits.header.source.port == 56324);
  for (const auto& text : {"\x02"s, "\x02\0"s,
                           "\x02\0\x04"
                           "abc"s,
                           "\x02\xff\xff"
                           "abc"s,
                           "\x03\0\x03"
                           "abc"s}) {
    CHECK(scan(binary('\x21', '\x11', tcp4_addresses + text)).what == kind::malformed);
  }
  // CRC-32C of the header below with a zero checksum, from an independent implementation.
  const auto checked = binary('\x21', '\x11',
                              tcp4_addresses +
                                  "\x03\0\x04"
                                  "CRC!"s);
  CHECK(scan(checked).what == kind::malformed);
  auto right = checked;
  right.replace(right.size() - 4, 4, "\x91\x92\x48\xf4"s);
  CHECK(scan(right).what == kind::complete);
  right[20] = static_cast<char>(right[20] + 1);
  CHECK(scan(right).what == kind::malformed);
}

TEST_CASE("what begins otherwise is no header, from the first byte that differs") {
  for (const auto* text : {"G", "\x01", "PR0", "PROXI", "\r\n\r\r"}) CHECK(scan(text).what == kind::absent);
  CHECK(scan("").what == kind::need_more);
  CHECK(scan("P").what == kind::need_more);
  CHECK(scan("\r\n").what == kind::need_more);
}
