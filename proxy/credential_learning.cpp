#include "proxy/credential_learning.hpp"

#include "proxy/log.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace sessiongate::proxy {

namespace asio = boost::asio;

namespace {

using clock = learned_credentials::clock;

constexpr auto io = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds longest_sleep{60};  // forgetting is due now and then

}  // namespace

credential_learning::credential_learning(asio::io_context& home, cluster& of)
    : home_(home), cluster_(of), pause_(home) {
  cluster_.credentials().when_wanted([this] { asio::post(home_, [this] { pause_.cancel(); }); });
}

void credential_learning::start() {
  asio::co_spawn(home_, run(), asio::detached);
}

void credential_learning::stop() {
  stopped_ = true;
  pause_.cancel();
}

asio::awaitable<void> credential_learning::run() {
  auto& learned = cluster_.credentials().learned();
  while (!stopped_) {
    const auto now = clock::now();
    auto wake = std::min(learned.expire(now).value_or(clock::time_point::max()), now + longest_sleep);
    const auto wanted = learned.wanted();
    if (wanted && wanted->due <= now) {
      co_await answer(*wanted);
      continue;
    }
    if (wanted) wake = std::min(wake, wanted->due);
    pause_.expires_at(wake);
    co_await pause_.async_wait(io);
  }
}

asio::awaitable<void> credential_learning::answer(learned_credentials::question asked) {
  auto& learned = cluster_.credentials().learned();
  const auto version = asked.where->last_greeting()->server_version;
  auto told = co_await cluster_.control(*asked.where).ask(hashes_question(version, asked.user));
  if (!told.error) {
    told_ = 0;
    learned.learn(asked.user, read_hashes(told.packets), hashes_table(version), clock::now());
    OPENSSL_cleanse(told.packets.data(), told.packets.size());
    co_return;
  }
  const auto why = fmt::format("the control account cannot read {}: {} {}", hashes_table(version), told.error->code,
                               told.error->message);
  learned.fail(asked.user, why, clock::now());
  tell_failure(*asked.where, told.error->code, why);
}

void credential_learning::tell_failure(const backend& where, std::uint16_t code, std::string_view error) {
  if (stopped_ || told_ == code) return;
  told_ = code;
  log_event(log_level::warning, "credentials_not_learned",
            {{"cluster", cluster_.name()},
             {"backend", where.name()->text()},
             {"code", code},
             {"error", error},
             {"means", "see docs/credentials.md for what it has to be granted"}});
}

}  // namespace sessiongate::proxy
