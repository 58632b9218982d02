#include "test/bench/client.hpp"
#include "test/bench/load.hpp"
#include "test/bench/measuring.hpp"

#include <nlohmann/json.hpp>

#include <sys/epoll.h>
#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <random>
#include <vector>

namespace sessiongate::bench {

namespace {

struct session {
  explicit session(const load_options& options) : connection(options.server, options.tls) {}

  client connection;
  std::uint32_t statement_id = 0;
  std::uint64_t asked_ns = 0;
};

class query_load {
 public:
  explicit query_load(const load_options& options);
  void run();

 private:
  void open_sessions();
  void ask(session& who);
  void take_answer(session& who);

  const load_options& options_;
  std::string before_;  // the statement's text around its parameter
  std::string after_;
  bool has_parameter_ = false;
  descriptor epoll_ = make_epoll();
  std::vector<std::unique_ptr<session>> sessions_;
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(65536);
  protocol::bytes payload_;
  std::string sql_;
  std::minstd_rand random_{1};  // the same sequence each time
  histogram latencies_;
  std::uint64_t to_ask_ = 0;
  std::uint64_t end_ns_ = 0;
  std::size_t under_way_ = 0;
};

query_load::query_load(const load_options& options) : options_(options) {
  const auto mark = options.sql.find('?');
  has_parameter_ = mark != std::string::npos;
  before_ = options.sql.substr(0, mark);
  if (has_parameter_) after_ = options.sql.substr(mark + 1);
  open_sessions();
}

void query_load::open_sessions() {
  for (std::size_t count = 0; count < options_.clients; ++count) {
    auto& opened = *sessions_.emplace_back(std::make_unique<session>(options_));
    if (options_.prepared) opened.statement_id = opened.connection.prepare(options_.sql);
    make_nonblocking(opened.connection.socket());
    watch(epoll_, EPOLL_CTL_ADD, opened.connection.socket(), EPOLLIN, &opened);
  }
}

void query_load::ask(session& who) {
  const auto number = static_cast<std::uint32_t>(random_() % 10000 + 1);
  if (options_.prepared) {
    write_execute(payload_, who.statement_id, number);
  } else {
    sql_ = before_;
    if (has_parameter_) sql_ += std::to_string(number);
    sql_ += after_;
    write_query(payload_, sql_);
  }
  --to_ask_;
  ++under_way_;
  who.asked_ns = now_ns();
  who.connection.send(payload_);
}

void query_load::take_answer(session& who) {
  const auto got = who.connection.read(buffer_);
  if (!who.connection.follow(protocol::bytes_view(buffer_).first(got))) return;
  const auto now = now_ns();
  latencies_.add(now - who.asked_ns);
  --under_way_;
  if (to_ask_ > 0 && now < end_ns_) ask(who);
}

void query_load::run() {
  constexpr auto endless = std::numeric_limits<std::uint64_t>::max();
  await_start();
  const auto begin = now_ns();
  to_ask_ = options_.count > 0 ? options_.count : endless;
  end_ns_ = options_.count > 0 ? endless : begin + seconds_to_ns(options_.seconds);
  for (const auto& each : sessions_) {
    if (to_ask_ > 0) ask(*each);
  }
  std::array<epoll_event, 256> events{};
  while (under_way_ > 0) {
    const int count = ::epoll_wait(epoll_.number(), events.data(), static_cast<int>(events.size()), -1);
    for (const auto& event : std::span(events).first(static_cast<std::size_t>(std::max(count, 0)))) {
      take_answer(*static_cast<session*>(event.data.ptr));
    }
  }
  report(describe(latencies_, static_cast<double>(now_ns() - begin) / 1e9));
  await_end();
}

}  // namespace

void run_queries(const load_options& options) {
  query_load(options).run();
}

}  // namespace sessiongate::bench
