#include "proxy/file_stamp.hpp"

#include <sys/stat.h>

namespace sessiongate::proxy {

file_stamp stamp_of(const std::string& path) {
  struct stat found{};
  if (path.empty() || ::stat(path.c_str(), &found) != 0) return {};
  return {found.st_ino, found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec};
}

}  // namespace sessiongate::proxy
