// Keeps the connection of a server session open on the server's side, although the session has ended.
#pragma once

namespace sessiongate::session {

class held_connection {
 public:
  held_connection() = default;
  virtual ~held_connection() = default;
  held_connection(const held_connection&) = delete;
  held_connection& operator=(const held_connection&) = delete;

  /// False: the server has closed it, so its thread is gone and the thread's number may be another's. Any thread.
  [[nodiscard]] virtual bool is_open() const = 0;
};

}  // namespace sessiongate::session
