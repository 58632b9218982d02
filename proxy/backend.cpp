#include "proxy/backend.hpp"

#include <boost/asio/ip/address.hpp>

namespace sessiongate::proxy {

backend::backend(const session::endpoint& configured, std::uint32_t weight, health_limits limits)
    : name_(std::make_shared<const session::endpoint>(configured)), weight_(weight), health_(limits) {
  boost::system::error_code ec;
  boost::asio::ip::make_address(configured.address, ec);
  fixed_ = !ec || configured.is_unix();
  if (fixed_) set_addresses({admin::to_socket_address(configured)});
}

bool backend::learn(const protocol::greeting& seen) {
  const auto known = last_greeting();
  const bool same = known->server_version == seen.server_version && known->flags == seen.flags &&
                    known->collation == seen.collation && known->auth_plugin == seen.auth_plugin;
  if (!same) greeting_.store(seen);
  return !same;
}

}  // namespace sessiongate::proxy
