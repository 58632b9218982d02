// The audit file: lines are appended to it, it is rotated by size, and it is opened anew when somebody moved or removed
// it. Its calls may block for as long as the disk does, so they are made by the audit writer's thread alone.
#pragma once

#include <sys/types.h>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace sessiongate::proxy {

class audit_file {
 public:
  /// `size_max`: bytes; a file that would grow above becomes PATH.1, PATH.1 becomes PATH.2 and so on, and `files_max`
  /// of these are kept. Zero: it is never rotated. Nothing is opened yet.
  audit_file(std::string path, std::uint64_t size_max, std::size_t files_max);
  ~audit_file();
  audit_file(const audit_file&) = delete;
  audit_file& operator=(const audit_file&) = delete;

  /// Appends a line with its line end, and opens the file where that has to be. With an error nothing of the line is
  /// in the file, or it is there as a broken line of its own.
  std::error_code append(std::string_view line);
  /// The next line goes to whatever is at the path then.
  void reopen();
  /// Why the file could not be rotated when it had to be; it goes on growing then, and is tried again.
  [[nodiscard]] std::error_code rotation_error() const { return rotation_error_; }

 private:
  std::error_code open();
  std::error_code write(std::string_view text);
  void rotate();
  [[nodiscard]] bool is_at_path();
  [[nodiscard]] std::string rotated(std::size_t number) const;

  const std::string path_;
  const std::uint64_t size_max_;
  const std::size_t files_max_;
  int descriptor_ = -1;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  bool is_regular_ = false;
  bool is_torn_ = false;  // it ends with half a line that could not be taken back
  std::uint64_t size_ = 0;
  std::error_code rotation_error_;
  std::chrono::steady_clock::time_point rotate_again_{};
};

}  // namespace sessiongate::proxy
