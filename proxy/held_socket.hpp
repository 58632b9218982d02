// A second hold on a connection's socket: closing the connection here does not close it for the peer while this lives.
//
// A server gives a thread's connection_id to somebody else as soon as the thread has gone. While the connection is
// held, the thread cannot go by itself, so a KILL of its number hits it or nobody. Made on the connection's thread; may
// die on any.
#pragma once

#include "session/held_connection.hpp"

namespace sessiongate::proxy {

class held_socket final : public session::held_connection {
 public:
  /// Takes over what stream::duplicate() gave; below zero it holds nothing.
  explicit held_socket(int descriptor) : descriptor_(descriptor) {}
  ~held_socket() override;
  held_socket(const held_socket&) = delete;
  held_socket& operator=(const held_socket&) = delete;

  [[nodiscard]] bool is_open() const override;

 private:
  int descriptor_;
};

}  // namespace sessiongate::proxy
