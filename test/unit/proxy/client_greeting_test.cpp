#include "proxy/client_greeting.hpp"

#include "proxy/password.hpp"

using namespace sessiongate::proxy;
namespace protocol = sessiongate::protocol;

namespace {

protocol::greeting mariadb() {
  protocol::greeting known;
  known.server_version = "5.5.5-10.11.6-MariaDB";
  known.flags = protocol::client_mysql | protocol::client_protocol_41 | protocol::client_transactions |
                protocol::client_plugin_auth | protocol::client_secure_connection;
  known.collation = 8;
  known.status = protocol::status_autocommit;
  known.auth_plugin = native_password_plugin;
  return known;
}

}  // namespace

TEST_CASE("a client is greeted as the backends greet") {
  const auto known = mariadb();
  const auto hello = greeting_for_clients(known, 0);
  CHECK(hello.server_version == known.server_version);
  CHECK(hello.flags == known.flags);
  CHECK(hello.collation == known.collation);
  CHECK(hello.status == known.status);
  CHECK(hello.auth_plugin == known.auth_plugin);
}

TEST_CASE("TLS and compression are offered as the proxy has them, whatever the backends can") {
  auto known = mariadb();
  known.flags |= protocol::transport_capabilities;
  CHECK((greeting_for_clients(known, 0).flags & protocol::transport_capabilities) == 0);
  const auto offered = greeting_for_clients(mariadb(), protocol::client_ssl | protocol::client_compress).flags;
  CHECK((offered & protocol::transport_capabilities) == (protocol::client_ssl | protocol::client_compress));
}

TEST_CASE("what the proxy does not carry is not offered, and what its logins need always is") {
  auto known = mariadb();
  known.flags |= protocol::mariadb_com_multi;
  CHECK_FALSE(protocol::has(greeting_for_clients(known, 0).flags, protocol::mariadb_com_multi));
  known.flags = protocol::client_mysql | protocol::client_protocol_41;
  const auto offered = greeting_for_clients(known, 0).flags;
  CHECK(protocol::has(offered, protocol::client_plugin_auth));
  CHECK(protocol::has(offered, protocol::client_secure_connection));
}

TEST_CASE("the first plugin is one whose answer the proxy can look at") {
  auto known = mariadb();
  known.auth_plugin = caching_sha2_plugin;
  CHECK(greeting_for_clients(known, 0).auth_plugin == caching_sha2_plugin);
  for (const auto* other : {"sha256_password", "client_ed25519", ""}) {
    known.auth_plugin = other;
    CHECK(greeting_for_clients(known, 0).auth_plugin == native_password_plugin);
  }
}

TEST_CASE("root@proxysys can log in before any backend has greeted") {
  const auto hello = greeting_for_clients({}, protocol::client_ssl);
  CHECK_FALSE(hello.server_version.empty());
  CHECK(protocol::has(hello.flags, protocol::client_protocol_41));
  CHECK(protocol::has(hello.flags, protocol::client_plugin_auth));
  CHECK(protocol::has(hello.flags, protocol::client_ssl));
  CHECK(hello.auth_plugin == native_password_plugin);
}
