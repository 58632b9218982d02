// What the proxy has to log in to the backends of one cluster by itself, as the accounts of its clients: nothing,
// configured, or learnt credentials. Sessions hold what is theirs (session_credential.hpp); this settles it, and hears
// of refusals. Made before any thread starts; any thread.
#pragma once

#include "proxy/cluster_settings.hpp"
#include "proxy/configured_credentials.hpp"
#include "proxy/credential_counters.hpp"
#include "proxy/learned_credentials.hpp"

#include "protocol/err_packet.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>

namespace sessiongate::proxy {

struct config;

class credential_store {
 public:
  /// Reads the users file. Throws std::runtime_error when it cannot be used.
  credential_store(const config& settings, const cluster_settings& own);

  [[nodiscard]] credentials_mode mode() const { return own_.credentials; }
  /// What logins have to note.
  [[nodiscard]] evidence_wanted wanted() const;

  /// The login, or COM_CHANGE_USER, of a session on `where` is complete. Null where there are no credentials.
  std::shared_ptr<const session_credential> note_login(const std::string& user, std::unique_ptr<login_evidence> told,
                                                       std::shared_ptr<backend> where);
  /// What there is for such a login now.
  [[nodiscard]] credential_view look(const session_credential& of) const;
  /// A backend has refused a login of the proxy's with `used`. When that says that the password is wrong, nobody uses
  /// it again: a learnt one is dropped, a configured one rests until the file changes.
  void note_refusal(const session_credential& of, const credential& used, const protocol::server_error& refusal);

  [[nodiscard]] const credential_counters& counted() const { return counted_; }
  /// So many credentials there are that no backend has refused.
  [[nodiscard]] std::size_t usable() const;

  // The admin thread.
  /// Reads the users file again. What is wrong with it changes nothing but the log.
  void reload();
  /// The files that it was read from.
  [[nodiscard]] std::vector<std::string> files() const;
  /// For who asks the backends.
  [[nodiscard]] learned_credentials& learned() { return learned_; }
  [[nodiscard]] const learned_credentials& learned() const { return learned_; }
  /// Called, on any thread, when there is something new to ask.
  void when_wanted(std::function<void()> wake) { wake_ = std::move(wake); }

 private:
  [[nodiscard]] users_list read_file(std::vector<std::string>& errors) const;
  void tell_once(const session_credential& of, const credential_view& view);

  const config& settings_;
  const cluster_settings& own_;
  credential_counters counted_;
  configured_credentials configured_;
  learned_credentials learned_;
  std::function<void()> wake_;
  std::mutex telling_;
  std::set<std::string, std::less<>> told_;  // users whose configured credential is of no use, since the file was read
};

}  // namespace sessiongate::proxy
