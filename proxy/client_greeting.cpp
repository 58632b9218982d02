#include "proxy/client_greeting.hpp"

#include "proxy/password.hpp"

namespace sessiongate::proxy {

namespace {

/// What the proxy decides for its side to the client, and what it does not carry.
constexpr protocol::capabilities not_offered = protocol::transport_capabilities | protocol::mariadb_com_multi;

protocol::greeting stand_in_greeting() {
  protocol::greeting hello;
  hello.server_version = "5.7.0-sessiongate";
  hello.flags = protocol::client_mysql | protocol::client_connect_with_db | protocol::client_protocol_41 |
                protocol::client_transactions | protocol::client_secure_connection | protocol::client_multi_results |
                protocol::client_plugin_auth | protocol::client_connect_attrs |
                protocol::client_plugin_auth_lenenc_data | protocol::client_deprecate_eof;
  hello.collation = 45;  // utf8mb4_general_ci
  hello.status = protocol::status_autocommit;
  hello.auth_plugin = native_password_plugin;
  return hello;
}

}  // namespace

protocol::greeting greeting_for_clients(protocol::greeting known, protocol::capabilities transport) {
  auto hello = known.flags == 0 ? stand_in_greeting() : std::move(known);
  hello.flags = (hello.flags & ~not_offered) | protocol::client_plugin_auth | protocol::client_secure_connection;
  hello.flags |= transport;
  // With other plugins clients send more than an answer to the nonce, which comes to nothing here.
  if (hello.auth_plugin != caching_sha2_plugin) hello.auth_plugin = native_password_plugin;
  return hello;
}

}  // namespace sessiongate::proxy
