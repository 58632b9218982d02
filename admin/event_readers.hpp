// The readers of GET /v1/events: each has an HTTP connection that stays open, and a place in the ring of events. A
// reader that does not keep up is dropped: when it takes nothing for too long, or when what it has to read next is gone
// from the ring. Lives on the admin thread; only what publishes an event is another thread's.
#pragma once

#include "admin/event_log.hpp"
#include "admin/event_stream.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

namespace sessiongate::admin {

using http_stream = boost::beast::basic_stream<boost::asio::generic::stream_protocol>;

struct event_reader_limits {
  std::size_t readers_max = 64;
  std::chrono::milliseconds heartbeat{15'000};      // a comment goes out when nothing else does for this long; 0: none
  std::chrono::milliseconds write_timeout{30'000};  // for the reader to take what is for it
};

class event_readers : public std::enable_shared_from_this<event_readers> {
 public:
  event_readers(boost::asio::any_io_executor executor, event_log& events, event_reader_limits limits)
      : executor_(std::move(executor)), events_(events), limits_(limits) {}

  /// Before anybody publishes.
  void start();
  [[nodiscard]] bool full() const { return readers_.size() >= limits_.readers_max; }
  /// Sends events until the reader goes, is too slow, or end_all() is called. Gives why it ended, for the log. The
  /// connection is of no use afterwards.
  boost::asio::awaitable<std::string_view> serve(http_stream& stream, event_subscription of, bool chunked);
  /// Ends all streams: as a whole, or after a second where a reader does not take that. They may come back.
  void end_all();

 private:
  struct reader;
  boost::asio::awaitable<std::string_view> follow(reader& each, event_subscription of);
  boost::asio::awaitable<bool> write(reader& each, std::string text);
  boost::asio::awaitable<bool> send(reader& each, std::string text);
  boost::asio::awaitable<void> wait(reader& each);
  void watch_for_close(reader& each);
  void wake();
  void close_ending();

  boost::asio::any_io_executor executor_;
  event_log& events_;
  const event_reader_limits limits_;
  std::unordered_set<reader*> readers_;  // each lives in its serve()
};

}  // namespace sessiongate::admin
