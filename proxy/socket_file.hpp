// The file of a Unix socket that the proxy listens on: whose it is, who may connect, and that it goes with the proxy.
#pragma once

#include "session/endpoint.hpp"

#include <sys/types.h>
#include <optional>
#include <string>

namespace sessiongate::proxy {

class socket_file {
 public:
  /// For TCP there is nothing to do, here and below. Removes a socket at the path that nobody listens on any more, and
  /// throws boost::system::system_error (address_in_use) when somebody does, or when what is there is no socket.
  explicit socket_file(const session::endpoint& at);
  ~socket_file();
  socket_file(const socket_file&) = delete;
  socket_file& operator=(const socket_file&) = delete;

  /// The socket is bound: from now on those connect whom `mode` lets write. Until then only the proxy's user may.
  void bound(unsigned mode);

 private:
  struct identity {
    dev_t device;
    ino_t inode;
  };
  void restore_mask();

  std::string path_;  // empty: TCP
  std::optional<mode_t> mask_before_;
  std::optional<identity> made_;  // another one at the same path is not removed
};

}  // namespace sessiongate::proxy
