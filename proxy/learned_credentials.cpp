#include "proxy/learned_credentials.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sessiongate::proxy {

namespace {

using source = credential_view::source;

/// An account is not asked for more often than this, whatever its logins are.
constexpr std::chrono::seconds ask_interval{1};
constexpr std::chrono::seconds retry_interval{10};

}  // namespace

void learned_credentials::take(account& of, const session_credential& login, std::shared_ptr<const credential> known) {
  std::erase_if(of.known, [](const auto& each) { return each.expired(); });
  const auto is_it = [&](const auto& each) { return each.lock() == known; };
  if (std::ranges::none_of(of.known, is_it)) of.known.push_back(known);
  login.settle({.from = source::learned, .known = std::move(known)});
  login.forget_login();
  counted_.count_login(credential_outcome::learned);
}

void learned_credentials::give_up(const session_credential& login, std::string why) {
  login.settle(no_credential(std::move(why)));
  login.forget_login();
  counted_.count_login(credential_outcome::no_credentials);
}

/// From what is there already: false when it takes an answer of the backend's.
bool learned_credentials::settle(account& of, const session_credential& login, const login_evidence& told) {
  for (const auto& each : of.known) {
    auto known = each.lock();
    const bool fits = known && !known->refused() && agrees(told, *known) == true &&
                      known->why_not(told.plugin, link_kind::encrypted).empty();
    if (!fits) continue;
    take(of, login, std::move(known));
    return true;
  }
  auto made = credential_of(told);
  if (!made) made = credential_of(told, of.hashes);
  if (!made) return false;
  take(of, login, std::move(made));
  return true;
}

bool learned_credentials::note_login(const std::shared_ptr<const session_credential>& login,
                                     std::shared_ptr<backend> where, clock::time_point now) {
  const auto told = login->login();
  const std::lock_guard lock(mutex_);
  auto& of = accounts_[login->user()];
  if (settle(of, *login, *told)) return false;
  if (!needs_hashes(*told) || !options_.can_ask) {
    give_up(*login, needs_hashes(*told) ? "it takes a control account to learn it"
                                        : why_not_learnt(*told, options_.passwords_are_kept));
    return false;
  }
  login->settle(of.failure.empty() ? credential_view{.from = source::learning} : no_credential(of.failure));
  of.waiting.push_back(login);
  of.where = std::move(where);
  of.due = std::min(of.due, std::max(now, of.not_before));
  return true;
}

std::optional<learned_credentials::question> learned_credentials::wanted() const {
  const std::lock_guard lock(mutex_);
  const auto first = std::ranges::min_element(accounts_, {}, [](const auto& each) { return each.second.due; });
  if (first == accounts_.end() || first->second.due == clock::time_point::max()) return std::nullopt;
  return question{first->first, first->second.where, first->second.due};
}

void learned_credentials::learn(const std::string& user, password_hashes stored, std::string_view table,
                                clock::time_point now) {
  counted_.count_read(true);
  const std::lock_guard lock(mutex_);
  auto& of = accounts_[user];
  of.hashes = std::move(stored);
  of.read_at = now;
  of.not_before = now + ask_interval;
  of.due = clock::time_point::max();
  of.failure.clear();
  for (const auto& each : std::exchange(of.waiting, {})) {
    const auto login = each.lock();
    if (!login) counted_.count_login(credential_outcome::session_ended);
    const auto told = login ? login->login() : nullptr;
    if (!told || settle(of, *login, *told)) continue;
    give_up(*login, fmt::format("{} has no password of '{}' that its login was made with", table, user));
  }
}

void learned_credentials::fail(const std::string& user, const std::string& why, clock::time_point now) {
  counted_.count_read(false);
  const std::lock_guard lock(mutex_);
  auto& of = accounts_[user];
  const auto ended = std::erase_if(of.waiting, [](const auto& each) { return each.expired(); });
  for (std::size_t each = 0; each < ended; ++each) counted_.count_login(credential_outcome::session_ended);
  of.failure = why;
  of.not_before = now + retry_interval;
  of.due = of.waiting.empty() ? clock::time_point::max() : of.not_before;
  for (const auto& each : of.waiting) {
    if (const auto login = each.lock()) login->settle(no_credential(why));
  }
}

void learned_credentials::drop(const std::string& user, const credential& refused) {
  const std::lock_guard lock(mutex_);
  const auto at = accounts_.find(user);
  if (at == accounts_.end()) return;
  at->second.hashes.clear();
  std::erase_if(at->second.known, [&](const auto& each) { return each.expired() || each.lock().get() == &refused; });
}

std::optional<learned_credentials::clock::time_point> learned_credentials::expire(clock::time_point now) {
  const std::lock_guard lock(mutex_);
  std::optional<clock::time_point> next;
  for (auto& [user, of] : accounts_) {
    std::erase_if(of.known, [](const auto& each) { return each.expired(); });
    if (of.read_at != clock::time_point::min() && now - of.read_at >= options_.hashes_kept) of.hashes.clear();
    if (!of.hashes.empty()) next = std::min(next.value_or(clock::time_point::max()), of.read_at + options_.hashes_kept);
  }
  std::erase_if(accounts_, [](const auto& each) {
    return each.second.known.empty() && each.second.hashes.empty() && each.second.waiting.empty();
  });
  return next;
}

std::size_t learned_credentials::usable() const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto& [user, of] : accounts_) {
    for (const auto& each : of.known) {
      const auto known = each.lock();
      if (known && !known->refused()) ++count;
    }
  }
  return count;
}

std::size_t learned_credentials::waiting() const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto& [user, of] : accounts_) {
    count +=
        static_cast<std::size_t>(std::ranges::count_if(of.waiting, [](const auto& each) { return !each.expired(); }));
  }
  return count;
}

}  // namespace sessiongate::proxy
