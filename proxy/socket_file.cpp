#include "proxy/socket_file.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/system/system_error.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>

namespace sessiongate::proxy {

namespace {

[[noreturn]] void fail(int error, const std::string& what) {
  throw boost::system::system_error(error, boost::system::system_category(), what);
}

/// Whether a process listens there: only then does connecting not fail with ECONNREFUSED.
bool has_listener(const std::string& path) {
  const boost::asio::local::stream_protocol::endpoint at(path);
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (probe < 0) fail(errno, "socket");
  const bool refused = ::connect(probe, at.data(), static_cast<socklen_t>(at.size())) != 0 && errno == ECONNREFUSED;
  ::close(probe);
  return !refused;
}

}  // namespace

socket_file::socket_file(const session::endpoint& at) {
  if (!at.is_unix()) return;
  path_ = at.address;
  struct stat found{};
  if (::lstat(path_.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode)) fail(EADDRINUSE, path_ + " is no socket");
    if (has_listener(path_)) fail(EADDRINUSE, "another process listens on " + path_);
    if (::unlink(path_.c_str()) != 0) fail(errno, "cannot remove " + path_);
  }
  mask_before_ = ::umask(S_IXUSR | S_IRWXG | S_IRWXO);
}

void socket_file::restore_mask() {
  if (mask_before_) ::umask(*mask_before_);
  mask_before_.reset();
}

void socket_file::bound(unsigned mode) {
  if (path_.empty()) return;
  restore_mask();
  if (::chmod(path_.c_str(), mode) != 0) fail(errno, "cannot set the mode of " + path_);
  struct stat made{};
  if (::lstat(path_.c_str(), &made) == 0) made_ = {made.st_dev, made.st_ino};
}

socket_file::~socket_file() {
  restore_mask();
  if (!made_) return;
  struct stat found{};
  if (::lstat(path_.c_str(), &found) != 0) return;
  if (found.st_dev == made_->device && found.st_ino == made_->inode) ::unlink(path_.c_str());
}

}  // namespace sessiongate::proxy
