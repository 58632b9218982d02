#include "proxy/credential_store.hpp"

#include "proxy/config.hpp"
#include "proxy/credential_exchange.hpp"
#include "proxy/log.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

namespace sessiongate::proxy {

namespace {

constexpr std::size_t told_max = 1000;

}  // namespace

credential_store::credential_store(const config& settings, const cluster_settings& own)
    : settings_(settings),
      own_(own),
      configured_({}),
      learned_({.passwords_are_kept = settings.learn_passwords,
                .can_ask = !own.control_user.empty(),
                .hashes_kept = settings.hash_cache_time},
               counted_) {
  if (mode() != credentials_mode::users) return;
  std::vector<std::string> errors;
  configured_.replace(read_file(errors));
  if (!errors.empty()) throw std::runtime_error(errors.front());  // the file has changed since it was checked
  counted_.note_load(credential_counters::clock::now());
}

users_list credential_store::read_file(std::vector<std::string>& errors) const {
  auto read = read_users(own_.users_file, settings_.user_passwords, errors);
  for (const auto& each : read.open_ones) {
    log_event(log_level::warning, "users_file_open_to_all",
              {{"cluster", own_.name}, {"file", each}, {"means", "every user of this host may read it"}});
  }
  return read;
}

evidence_wanted credential_store::wanted() const {
  if (mode() == credentials_mode::none) return evidence_wanted::none;
  const bool passwords = mode() == credentials_mode::learn && settings_.learn_passwords;
  return passwords ? evidence_wanted::passwords : evidence_wanted::proofs;
}

std::shared_ptr<const session_credential> credential_store::note_login(const std::string& user,
                                                                       std::unique_ptr<login_evidence> told,
                                                                       std::shared_ptr<backend> where) {
  if (mode() == credentials_mode::none || !told) return nullptr;
  const auto made = std::make_shared<const session_credential>(this, user, std::move(told));
  if (mode() == credentials_mode::users) {
    const auto view = configured_.look(*made);
    counted_.count_login(outcome_of(view));
    tell_once(*made, view);
  } else if (learned_.note_login(made, std::move(where), learned_credentials::clock::now()) && wake_) {
    wake_();
  }
  return made;
}

credential_view credential_store::look(const session_credential& of) const {
  if (mode() == credentials_mode::users) return configured_.look(of);
  auto view = of.view();
  if (view.known && view.known->refused()) {
    return no_credential("the server has refused the password that was learnt",
                         session::recovery_obstacle::credentials_refused);
  }
  return view;
}

/// A user whose sessions have no use of the file is told about once, for each state of the file.
void credential_store::tell_once(const session_credential& of, const credential_view& view) {
  if (view.known) return;
  {
    const std::lock_guard lock(telling_);
    if (told_.size() >= told_max || !told_.insert(of.user()).second) return;
  }
  log_event(
      log_level::warning, "no_credentials",
      {{"cluster", own_.name}, {"user", of.user()}, {"reason", session::to_text(view.obstacle)}, {"error", view.why}});
}

void credential_store::note_refusal(const session_credential& of, const credential& used,
                                    const protocol::server_error& refusal) {
  if (!tells_wrong_password(refusal)) return;
  if (mode() == credentials_mode::learn) learned_.drop(of.user(), used);
  if (!used.refuse()) return;
  counted_.count_refusal();
  log_event(log_level::warning, "credentials_refused",
            {{"cluster", own_.name},
             {"user", of.user()},
             {"credentials", to_text(mode())},
             {"code", refusal.code},
             {"error", refusal.message}});
}

void credential_store::reload() {
  if (mode() != credentials_mode::users) return;
  std::vector<std::string> errors;
  auto read = read_file(errors);
  if (!errors.empty()) {
    counted_.count_reload(false, credential_counters::clock::now());
    log_event(log_level::error, "users_not_reloaded",
              {{"cluster", own_.name}, {"error", fmt::format("{}", fmt::join(errors, "; "))}});
    return;
  }
  const auto users = read.accounts.size();
  configured_.replace(std::move(read));
  {
    const std::lock_guard lock(telling_);
    told_.clear();
  }
  // Behind all of it: who sees that it was read finds it in force.
  counted_.count_reload(true, credential_counters::clock::now());
  log_event(log_level::info, "users_reloaded", {{"cluster", own_.name}, {"users", users}});
}

std::size_t credential_store::usable() const {
  if (mode() == credentials_mode::learn) return learned_.usable();
  const auto users = configured_.users();
  return static_cast<std::size_t>(
      std::ranges::count_if(users->accounts, [](const auto& each) { return !each.second->refused(); }));
}

std::vector<std::string> credential_store::files() const {
  return configured_.users()->files;
}

}  // namespace sessiongate::proxy
