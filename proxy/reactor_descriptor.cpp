#include "proxy/reactor_descriptor.hpp"

#include "proxy/doorbell.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <sys/epoll.h>
#include <cerrno>

namespace sessiongate::proxy {

namespace {

constexpr int descriptors_looked_at = 4096;  // more than a process has when it starts

bool watches(int candidate, int descriptor) {
  epoll_event none{};
  if (::epoll_ctl(candidate, EPOLL_CTL_ADD, descriptor, &none) != 0) return errno == EEXIST;
  ::epoll_ctl(candidate, EPOLL_CTL_DEL, descriptor, nullptr);
  return false;
}

}  // namespace

/// Asio keeps it to itself, so the kernel is asked: who is given something to watch that he watches already says so.
int find_reactor_descriptor(boost::asio::io_context& context) {
  const doorbell probe;
  boost::asio::posix::stream_descriptor watched(context, probe.descriptor());
  int found = -1;
  for (int candidate = 0; candidate < descriptors_looked_at && found < 0; ++candidate) {
    if (candidate != probe.descriptor() && watches(candidate, probe.descriptor())) found = candidate;
  }
  watched.release();
  return found;
}

}  // namespace sessiongate::proxy
