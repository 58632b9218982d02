#include "admin/event_readers.hpp"

#include <sys/socket.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>

#include <tuple>
#include <utility>

namespace sessiongate::admin {

namespace {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;

constexpr auto io = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds end_limit{1};
constexpr std::size_t batch_max = 64;  // events in one write
constexpr int kernel_buffer_size =
    64 * 1024;  // bytes: what a reader that does not read may hold of the kernel's memory

/// Whether the peer has closed, or reset; asked when the socket is readable.
bool has_closed(http_stream& stream) {
  char byte = 0;
  return ::recv(stream.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

}  // namespace

struct event_readers::reader {
  reader(http_stream& from, const asio::any_io_executor& executor, bool in_chunks)
      : stream(from), timer(executor), chunked(in_chunks) {}

  http_stream& stream;
  asio::steady_timer timer;
  const bool chunked;
  bool writing = false;
  bool gone = false;    // the peer closed its connection
  bool ending = false;  // end_all()
  clock::time_point next_heartbeat{};
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);  // false: a wait for its socket comes too late
};

void event_readers::start() {
  events_.set_waker([executor = executor_, self = weak_from_this()] {
    asio::post(executor, [self] {
      if (const auto kept = self.lock()) kept->wake();
    });
  });
}

void event_readers::wake() {
  for (auto* each : readers_) each->timer.cancel();
}

void event_readers::end_all() {
  bool some_write = false;
  for (auto* each : readers_) {
    each->ending = true;
    each->timer.cancel();
    some_write = some_write || each->writing;
  }
  if (!some_write) return;
  const auto limit = std::make_shared<asio::steady_timer>(executor_, end_limit);
  limit->async_wait([self = shared_from_this(), limit](const boost::system::error_code&) { self->close_ending(); });
}

void event_readers::close_ending() {
  for (auto* each : readers_) {
    if (each->ending) each->stream.close();
  }
}

/// A reader says nothing more. What it sends all the same stays unread: then only a write tells that it went.
void event_readers::watch_for_close(reader& each) {
  each.stream.socket().async_wait(asio::socket_base::wait_read,
                                  [&each, alive = each.alive](const boost::system::error_code& error) {
                                    if (!*alive || error || !has_closed(each.stream)) return;
                                    each.gone = true;
                                    each.timer.cancel();
                                  });
}

asio::awaitable<bool> event_readers::write(reader& each, std::string text) {
  each.next_heartbeat = limits_.heartbeat.count() == 0 ? clock::time_point::max() : clock::now() + limits_.heartbeat;
  each.stream.expires_after(limits_.write_timeout);
  each.writing = true;
  const auto [error, size] = co_await asio::async_write(each.stream, asio::buffer(text), io);
  each.writing = false;
  each.stream.expires_never();
  if (error == boost::beast::error::timeout) events_.note_dropped();
  co_return !error;
}

asio::awaitable<bool> event_readers::send(reader& each, std::string text) {
  if (each.chunked) text = to_chunk(text);
  const bool sent = co_await write(each, std::move(text));
  co_return sent;
}

/// Until something is published, or for a heartbeat.
asio::awaitable<void> event_readers::wait(reader& each) {
  if (each.gone || each.ending) co_return;
  each.timer.expires_at(each.next_heartbeat);
  co_await each.timer.async_wait(io);
}

asio::awaitable<std::string_view> event_readers::follow(reader& each, event_subscription of) {
  const auto from = events_.begin_after(of.last_seen);
  auto after = from.after;
  std::string text = "retry: 2000\n\n";
  if (from.gap) text += gap_notice(from, *of.last_seen);
  while (!each.gone) {
    events_.arm();  // first, so that nothing is published unnoticed between this look and the wait
    const auto next = events_.read_after(after, batch_max);
    if (!next) {
      events_.note_dropped();
      co_return "too slow";
    }
    for (const auto& happened : *next) text += to_stream(*happened, of);
    if (!next->empty()) after = next->back()->id;
    if (text.empty() && clock::now() >= each.next_heartbeat) text = heartbeat(after);
    if (!text.empty()) {
      const bool sent = co_await send(each, std::exchange(text, {}));
      if (!sent) co_return each.ending ? "ended by the proxy" : "closed, or took nothing for too long";
    }
    if (!next->empty()) continue;
    if (each.ending) {
      if (each.chunked) co_await send(each, {});
      co_return "ended by the proxy";
    }
    co_await wait(each);
  }
  co_return "closed by the reader";
}

asio::awaitable<std::string_view> event_readers::serve(http_stream& stream, event_subscription of, bool chunked) {
  struct entry {
    event_readers& all;
    reader& mine;
    entry(event_readers& in, reader& added) : all(in), mine(added) {
      all.readers_.insert(&mine);
      all.events_.join();
    }
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;
    ~entry() {
      *mine.alive = false;
      all.events_.leave();
      all.readers_.erase(&mine);
    }
  };
  reader each(stream, executor_, chunked);
  const entry listed(*this, each);
  boost::system::error_code ignored;
  std::ignore = stream.socket().set_option(asio::socket_base::send_buffer_size(kernel_buffer_size), ignored);
  const bool begun = co_await write(each, stream_head(chunked));
  if (!begun) co_return "closed";
  watch_for_close(each);
  const auto why = co_await follow(each, std::move(of));
  co_return why;
}

}  // namespace sessiongate::admin
