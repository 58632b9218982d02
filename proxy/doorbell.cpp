#include "proxy/doorbell.hpp"

#include <boost/system/system_error.hpp>

#include <sys/eventfd.h>
#include <unistd.h>
#include <cerrno>
#include <tuple>

namespace sessiongate::proxy {

doorbell::doorbell() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) throw boost::system::system_error(errno, boost::system::system_category(), "eventfd");
}

doorbell::~doorbell() {
  ::close(descriptor_);
}

void doorbell::wake_sleeper() const {
  const std::uint64_t one = 1;
  std::ignore = ::write(descriptor_, &one, sizeof one);  // fails only when 2^64 rings were counted
}

}  // namespace sessiongate::proxy
