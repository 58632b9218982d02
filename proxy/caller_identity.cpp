#include "proxy/caller_identity.hpp"

#include "proxy/log.hpp"

#include "admin/authorize.hpp"

#include <openssl/crypto.h>

#include <algorithm>

namespace sessiongate::proxy {

using std::chrono::steady_clock;

admin::principal caller_identity::as_account() const {
  const auto identity = connection_.who();
  admin::principal who;
  who.kind = connection_.is_proxysys() ? admin::principal_kind::proxysys : admin::principal_kind::account;
  who.user = identity->user;
  who.tenant = identity->tenant;
  who.cluster = identity->cluster;
  who.cs_id = connection_.cs_id();
  who.address = connection_.session::client_session::client().text();
  return who;
}

/// Whether rights would change nothing.
bool caller_identity::is_settled(const admin::principal& who, const admin::command& what) const {
  const auto kind = admin::kind_of(what);
  const bool no_matter = who.kind != admin::principal_kind::account || kind == admin::command_kind::ask_proxy;
  if (no_matter || own_ == nullptr) return true;
  const auto id = admin::target_of(what);
  if (!id) return false;
  const auto found = admin::find_sessions(*id, connection_.shared().sessions);
  return !found.empty() && std::ranges::all_of(found, [&](const auto& each) {
    return admin::may(who, kind, *each) == admin::verdict::allowed;
  });
}

/// By the name that the backend says: it may have taken the client for an anonymous account, or for another one.
bool caller_identity::is_operator(const std::string& user) const {
  const auto& address = connection_.session::client_session::client().address;
  const auto current = connection_.shared().current.load();
  return std::ranges::any_of(current->operators, [&](const operator_account& each) {
    return each.user == user && each.from.contains(address);
  });
}

bool caller_identity::is_known() const {
  const auto age = steady_clock::now() - asked_at_;
  return grants_ && asked_as_ == connection_.who() && age < connection_.shared().current.load()->rights_cache_time;
}

awaitable<void> caller_identity::ask() {
  grants_.reset();
  asked_as_ = connection_.who();
  asked_at_ = steady_clock::now();
  auto answer = co_await own_->ask(std::string(grants_question));
  grants_ = read_grants(answer.packets, connection_.server_version());
  OPENSSL_cleanse(answer.packets.data(), answer.packets.size());  // MariaDB shows the account's password hash
  if (!grants_) {
    log_event(log_level::warning, "rights_unknown",
              {{"cs_id", connection_.cs_id()},
               {"user", connection_.who()->user},
               {"error", answer.packets.empty() ? admin::to_text(answer.status) : "SHOW GRANTS was not answered"}});
  }
}

awaitable<admin::principal> caller_identity::identify(const admin::command& what) {
  auto who = as_account();
  if (is_settled(who, what)) co_return who;
  if (!is_known()) co_await ask();
  if (!grants_) co_return who;
  who.rights = grants_->rights;
  if (is_operator(grants_->user)) {
    who.kind = admin::principal_kind::operators;
    who.own_cluster_only = connection_.shared().clusters.all().size() > 1;
  }
  co_return who;
}

}  // namespace sessiongate::proxy
