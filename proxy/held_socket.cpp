#include "proxy/held_socket.hpp"

#include <poll.h>
#include <unistd.h>

namespace sessiongate::proxy {

held_socket::~held_socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool held_socket::is_open() const {
  ::pollfd look{.fd = descriptor_, .events = POLLRDHUP, .revents = 0};
  return ::poll(&look, 1, 0) == 0;
}

}  // namespace sessiongate::proxy
