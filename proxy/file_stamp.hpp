// What tells that a file was written or replaced since it was last looked at. Of the file that a link leads to: mounted
// secrets are exchanged by pointing a link elsewhere.
#pragma once

#include <sys/types.h>
#include <ctime>
#include <string>

namespace sessiongate::proxy {

/// All zero: it is not there.
struct file_stamp {
  ino_t inode = 0;
  off_t size = 0;
  time_t seconds = 0;
  long nanoseconds = 0;

  bool operator==(const file_stamp&) const = default;
};

file_stamp stamp_of(const std::string& path);

}  // namespace sessiongate::proxy
