#include "proxy/account_grants.hpp"

#include "protocol/err_packet.hpp"
#include "protocol/packet.hpp"
#include "protocol/result_set_writer.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate;
using namespace sessiongate::proxy;

namespace {

constexpr std::string_view mariadb = "10.11.6-MariaDB-1:10.11.6";

protocol::bytes response(std::string_view heading, const std::vector<std::string>& grants,
                         protocol::capabilities negotiated = protocol::client_deprecate_eof) {
  std::vector<protocol::result_row> rows;
  for (const auto& each : grants) rows.push_back({each});
  const std::vector<protocol::result_column> columns{{std::string(heading), protocol::column_type::text}};
  protocol::bytes out;
  std::uint8_t sequence_id = 1;
  protocol::write_result_set(out, sequence_id, columns, rows, protocol::row_format::text, negotiated, 2);
  return out;
}

/// "pk": sees and ends the threads of others.
std::string rights_of(const std::vector<std::string>& grants, std::string_view version = mariadb) {
  const auto found = read_grants(response("Grants for app@%", grants), version);
  REQUIRE(found);
  CHECK(found->user == "app");
  return std::string(found->rights.sees_others ? "p" : "") + (found->rights.kills_others ? "k" : "");
}

}  // namespace

TEST_CASE("rights are those on everything") {
  CHECK(rights_of({}) == "");
  CHECK(rights_of({"GRANT USAGE ON *.* TO `app`@`%` IDENTIFIED BY PASSWORD '*B69027D44F6E5EDC07F1AEAD1477967B16F28227'",
                   "GRANT ALL PRIVILEGES ON `app`.* TO `app`@`%`"}) == "");
  CHECK(rights_of({"GRANT PROCESS ON *.* TO `app`@`%`"}) == "p");
  CHECK(rights_of({"GRANT SELECT, PROCESS, RELOAD ON *.* TO `app`@`%` WITH GRANT OPTION"}) == "p");
  CHECK(rights_of({"GRANT SUPER ON *.* TO `app`@`%`"}) == "k");
  CHECK(rights_of({"GRANT PROCESS, CONNECTION ADMIN ON *.* TO `app`@`%`"}) == "pk");
  CHECK(rights_of({"GRANT ALL PRIVILEGES ON *.* TO 'app'@'%' WITH GRANT OPTION"}) == "pk");
}

TEST_CASE("an active role's rights count, a granted one's do not") {
  CHECK(rights_of({"GRANT `killer` TO `app`@`%`", "GRANT USAGE ON *.* TO `app`@`%`",
                   "GRANT PROCESS, CONNECTION ADMIN ON *.* TO `killer`"}) == "pk");
  CHECK(rights_of({"GRANT `killer` TO `app`@`%`", "GRANT USAGE ON *.* TO `app`@`%`"}) == "");
}

TEST_CASE("names that look like privileges are none") {
  CHECK(rights_of({"GRANT `SUPER` TO `app`@`%`"}) == "");
  CHECK(rights_of({"GRANT `x, SUPER, y ON *.* TO z` TO `app`@`%`"}) == "");
  CHECK(rights_of({"GRANT SELECT ON `SUPER ON *.* TO `.* TO `app`@`%`"}) == "");
  CHECK(rights_of({"GRANT SELECT (`SUPER`), SUPER ON *.* TO `app`@`%`"}) == "");
  CHECK(rights_of({"REVOKE SUPER ON *.* TO `app`@`%`"}) == "");
  CHECK(rights_of({"GRANT SUPERB, PROCESSES, SUPER USER ON *.* TO `app`@`%`"}) == "");
  CHECK(rights_of({"GRANT PROXY ON ''@'%' TO 'app'@'%'"}) == "");
}

TEST_CASE("on MySQL from 8.0.16 ending others' threads needs SYSTEM_USER, too") {
  const std::vector<std::string> without{"GRANT PROCESS, SUPER ON *.* TO `app`@`%`",
                                         "GRANT CONNECTION_ADMIN,ROLE_ADMIN ON *.* TO `app`@`%`"};
  const std::vector<std::string> with{"GRANT PROCESS ON *.* TO `app`@`%`",
                                      "GRANT CONNECTION_ADMIN, SYSTEM_USER ON *.* TO `app`@`%`"};
  for (const auto* new_version : {"8.0.16", "8.0.36-0ubuntu0.22.04.1", "8.4.0", "9.0.1", "10.0.0"}) {
    CAPTURE(new_version);
    CHECK(rights_of(without, new_version) == "p");
    CHECK(rights_of(with, new_version) == "pk");
  }
  for (const auto* old_version : {"8.0.15", "5.7.44-log", "5.6.51", "5.5.5-10.11.6-MariaDB", "11.4.2-MariaDB", ""}) {
    CAPTURE(old_version);
    CHECK(rights_of(without, old_version) == "pk");
  }
}

TEST_CASE("MySQL 8 writes dynamic privileges without blanks") {
  CHECK(rights_of({"GRANT SELECT, PROCESS ON *.* TO `app`@`%`",
                   "GRANT APPLICATION_PASSWORD_ADMIN,CONNECTION_ADMIN,SYSTEM_USER ON *.* TO `app`@`%`"},
                  "8.0.36") == "pk");
}

TEST_CASE("the account is the one that the backend names") {
  const auto user = [](std::string_view heading) { return read_grants(response(heading, {}), mariadb).value().user; };
  CHECK(user("Grants for app@10.0.%") == "app");
  CHECK(user("Grants for @localhost") == "");
  CHECK(user("Grants for joe@example.com@%") == "joe@example.com");
  CHECK_FALSE(read_grants(response("Grants for app", {}), mariadb));
  CHECK_FALSE(read_grants(response("1", {"GRANT SUPER ON *.* TO x"}), mariadb));
  CHECK_FALSE(read_grants(response("", {}), mariadb));
}

TEST_CASE("every way that a result set can be written") {
  for (const protocol::capabilities each :
       {protocol::capabilities{0}, protocol::client_deprecate_eof, protocol::mariadb_cache_metadata,
        protocol::mariadb_cache_metadata | protocol::client_deprecate_eof}) {
    CAPTURE(each);
    const auto found = read_grants(response("Grants for app@%", {"GRANT PROCESS ON *.* TO x"}, each), mariadb);
    REQUIRE(found);
    CHECK(found->rights.sees_others);
  }
}

TEST_CASE("a response that is cut off, an error, or nothing") {
  const auto whole = response("Grants for app@%", {"GRANT PROCESS ON *.* TO x", "GRANT SUPER ON *.* TO x"}, 0);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    const auto found = read_grants(protocol::bytes_view(whole).first(size), mariadb);
    if (found) CHECK(found->user == "app");
    if (found && found->rights.kills_others) CHECK(found->rights.sees_others);
  }
  protocol::bytes error;
  protocol::write_err_packet(error, {1290, "HY000", "The server is running with the --skip-grant-tables option"});
  protocol::bytes packet;
  std::uint8_t sequence_id = 1;
  protocol::append_packet(packet, sequence_id, error);
  CHECK_FALSE(read_grants(packet, mariadb));
  CHECK_FALSE(read_grants({}, mariadb));
}
