// Hands the records of kills to the audit file. Whoever ends a kill only puts its record into a queue with a limit; a
// thread of the writer's own makes lines of them and writes each as soon as it can. So a slow, full or vanished disk
// delays no kill and fails none: what does not fit into the queue meanwhile is lost, counted, and told in the file
// itself once lines can be written again.
#pragma once

#include "admin/kill_log.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

namespace sessiongate::proxy {

struct audit_options {
  std::string path;            // empty: nothing is written
  std::uint64_t size_max = 0;  // bytes; as in audit_file
  std::size_t files_max = 0;
  std::size_t queue_max = 0;  // records that may wait
};

class audit_writer {
 public:
  explicit audit_writer(audit_options options);
  ~audit_writer();
  audit_writer(const audit_writer&) = delete;
  audit_writer& operator=(const audit_writer&) = delete;

  /// From now on there are lines.
  void start();
  /// Any thread; never waits for the disk.
  void add(const admin::kill_log::entry& done);
  /// Any thread: the file is opened anew, soon. For those who have moved it away.
  void reopen();
  /// Writes what waits and ends the thread, unless the disk holds it for longer than five seconds. Idempotent.
  void close();

  // Any thread.
  [[nodiscard]] std::uint64_t written() const;
  [[nodiscard]] std::uint64_t lost() const;
  [[nodiscard]] std::uint64_t errors() const;  // attempts to write that failed
  [[nodiscard]] std::uint64_t waiting() const;

 private:
  struct state;
  std::shared_ptr<state> state_;  // the thread's, too: it may outlive this when the disk holds it
  std::thread thread_;
};

}  // namespace sessiongate::proxy
