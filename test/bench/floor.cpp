// bench_floor: the least that a relay in user space can do: recv, send and epoll_wait, level-triggered, one thread, one
// shared buffer; no protocol, no timers, no limits. It is the yardstick for the processor time of a query, no product.
//
//   bench_floor HOST:PORT BACKEND_HOST:PORT
#include "test/bench/sockets.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <vector>

namespace sessiongate::bench {

namespace {

struct side {
  descriptor socket;
  side* peer = nullptr;
  protocol::bytes pending;  // what this side did not take yet
  bool dead = false;
};

class relay {
 public:
  relay(const address& at, address backend) : listener_(listen_on(at)), backend_(std::move(backend)) {
    watch(epoll_, EPOLL_CTL_ADD, listener_, EPOLLIN, nullptr);
  }

  [[noreturn]] void run();

 private:
  void accept_all();
  void close_pair(side& one);
  void flush(side& to);
  void carry(side& from);

  descriptor listener_;
  address backend_;
  descriptor epoll_ = make_epoll();
  std::array<std::uint8_t, 65536> buffer_{};
  std::vector<std::unique_ptr<side>> graveyard_;  // events of the present batch may still name them
};

void relay::run() {
  std::array<epoll_event, 256> events{};
  for (;;) {
    const int count = ::epoll_wait(epoll_.number(), events.data(), static_cast<int>(events.size()), -1);
    for (const auto& event : std::span(events).first(static_cast<std::size_t>(std::max(count, 0)))) {
      if (event.data.ptr == nullptr) {
        accept_all();
        continue;
      }
      auto& one = *static_cast<side*>(event.data.ptr);
      if (one.dead) continue;
      if ((event.events & EPOLLOUT) != 0)
        flush(one);
      else
        carry(one);
    }
    graveyard_.clear();
  }
}

void relay::accept_all() {
  for (auto socket = accept_from(listener_); socket.is_open(); socket = accept_from(listener_)) {
    auto client = std::make_unique<side>();
    auto server = std::make_unique<side>();
    client->socket = std::move(socket);
    server->socket = connect_to(backend_);
    make_nonblocking(server->socket);
    client->peer = server.get();
    server->peer = client.get();
    watch(epoll_, EPOLL_CTL_ADD, client->socket, EPOLLIN, client.get());
    watch(epoll_, EPOLL_CTL_ADD, server->socket, EPOLLIN, server.get());
    client.release();  // epoll knows both from here on; close_pair() takes them back
    server.release();
  }
}

void relay::close_pair(side& one) {
  for (auto* each : {&one, one.peer}) {
    each->dead = true;
    each->socket = descriptor();
    graveyard_.emplace_back(each);
  }
}

void relay::flush(side& to) {
  const auto put = ::send(to.socket.number(), to.pending.data(), to.pending.size(), MSG_NOSIGNAL);
  if (put < 0 && errno != EAGAIN) return close_pair(to);
  if (put > 0) to.pending.erase(to.pending.begin(), to.pending.begin() + put);
  if (!to.pending.empty()) return;
  watch(epoll_, EPOLL_CTL_MOD, to.socket, EPOLLIN, &to);
  watch(epoll_, EPOLL_CTL_MOD, to.peer->socket, EPOLLIN, to.peer);
}

void relay::carry(side& from) {
  const auto got = ::recv(from.socket.number(), buffer_.data(), buffer_.size(), 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return close_pair(from);
  auto put = ::send(from.peer->socket.number(), buffer_.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL);
  if (put < 0 && errno != EAGAIN) return close_pair(from);
  put = std::max<ssize_t>(put, 0);
  if (put == got) return;
  from.peer->pending.assign(buffer_.begin() + put, buffer_.begin() + got);
  watch(epoll_, EPOLL_CTL_MOD, from.peer->socket, EPOLLOUT, from.peer);
  watch(epoll_, EPOLL_CTL_MOD, from.socket, 0, &from);
}

}  // namespace

}  // namespace sessiongate::bench

int main(int argc, char** argv) {
  using namespace sessiongate::bench;
  if (argc != 3) {
    std::fputs("usage: bench_floor HOST:PORT BACKEND_HOST:PORT\n", stderr);
    return 2;
  }
  try {
    raise_descriptor_limit();
    relay(parse_address(argv[1]), parse_address(argv[2])).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_floor: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
