// What `sessiongate ctl events` prints of a stream of server-sent events: a line for each event, as text or as JSON.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

namespace sessiongate::proxy {

class event_printer {
 public:
  event_printer(std::ostream& out, bool as_json) : out_(out), as_json_(as_json) {}

  /// The next bytes of the stream, cut anywhere. Each line is flushed.
  void feed(std::string_view piece);

 private:
  void take_line(std::string_view line);
  void print();

  std::ostream& out_;
  const bool as_json_;
  std::string unread_;  // a line whose end has not come
  std::string type_;
  std::string data_;
};

}  // namespace sessiongate::proxy
