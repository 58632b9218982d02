// Asks the backends of one cluster, through the control account, for what learned_credentials wants to know: one
// account after the other. Lives on the admin thread; may be woken from any.
#pragma once

#include "proxy/cluster.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>

namespace sessiongate::proxy {

class credential_learning {
 public:
  credential_learning(boost::asio::io_context& home, cluster& of);

  void start();
  void stop();

 private:
  boost::asio::awaitable<void> run();
  boost::asio::awaitable<void> answer(learned_credentials::question asked);
  void tell_failure(const backend& where, std::uint16_t code, std::string_view error);

  boost::asio::io_context& home_;
  cluster& cluster_;
  boost::asio::steady_timer pause_;
  std::uint16_t told_ = 0;  // code of the failure that the log has, until an answer comes
  bool stopped_ = false;
};

}  // namespace sessiongate::proxy
