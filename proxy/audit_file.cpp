#include "proxy/audit_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace sessiongate::proxy {

namespace {

constexpr mode_t file_mode = 0640;
constexpr std::chrono::seconds rotation_retry{10};

std::error_code last_error() {
  return {errno, std::generic_category()};
}

}  // namespace

audit_file::audit_file(std::string path, std::uint64_t size_max, std::size_t files_max)
    : path_(std::move(path)), size_max_(size_max), files_max_(files_max) {}

audit_file::~audit_file() {
  reopen();
}

void audit_file::reopen() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

std::error_code audit_file::open() {
  // Not blocking: a FIFO that nobody reads is an error and no halt.
  constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  descriptor_ = ::open(path_.c_str(), flags, file_mode);
  if (descriptor_ < 0) return last_error();
  struct stat found{};
  if (::fstat(descriptor_, &found) != 0) return last_error();
  device_ = found.st_dev;
  inode_ = found.st_ino;
  is_regular_ = S_ISREG(found.st_mode);
  size_ = static_cast<std::uint64_t>(found.st_size);
  is_torn_ = false;
  return {};
}

/// Also when the path cannot be looked at: what is open is all there is then.
bool audit_file::is_at_path() {
  struct stat found{};
  if (::stat(path_.c_str(), &found) != 0) return errno != ENOENT;
  const bool same = found.st_dev == device_ && found.st_ino == inode_;
  if (same) size_ = static_cast<std::uint64_t>(found.st_size);  // somebody may have emptied it
  return same;
}

std::string audit_file::rotated(std::size_t number) const {
  return fmt::format("{}.{}", path_, number);
}

void audit_file::rotate() {
  const auto now = std::chrono::steady_clock::now();
  if (now < rotate_again_) return;
  for (auto number = files_max_; number > 1; --number) {
    std::rename(rotated(number - 1).c_str(), rotated(number).c_str());  // not all of them need be there
  }
  const bool moved =
      files_max_ == 0 ? ::unlink(path_.c_str()) == 0 : std::rename(path_.c_str(), rotated(1).c_str()) == 0;
  rotation_error_ = moved ? std::error_code() : last_error();
  if (moved)
    reopen();
  else
    rotate_again_ = now + rotation_retry;
}

std::error_code audit_file::write(std::string_view text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const auto count = ::write(descriptor_, text.data() + written, text.size() - written);
    if (count >= 0) {
      written += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      const auto error = last_error();
      const bool taken_back = written == 0 || (is_regular_ && ::ftruncate(descriptor_, static_cast<off_t>(size_)) == 0);
      if (!taken_back) is_torn_ = true;
      return error;
    }
  }
  size_ += text.size();
  return {};
}

std::error_code audit_file::append(std::string_view line) {
  if (descriptor_ >= 0 && !is_at_path()) reopen();
  if (descriptor_ < 0) {
    if (const auto error = open()) return error;
  }
  const bool is_full = size_max_ != 0 && is_regular_ && size_ != 0 && size_ + line.size() > size_max_;
  if (is_full) rotate();
  if (descriptor_ < 0) {
    if (const auto error = open()) return error;
  }
  if (is_torn_) {
    if (const auto error = write("\n")) return error;
    is_torn_ = false;
  }
  return write(line);
}

}  // namespace sessiongate::proxy
