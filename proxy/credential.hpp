// What the proxy logs in to a backend with, as one account: a password, or mysql_native_password's SHA1(password),
// which a login with that plugin needs and no other can use. Immutable but for the note that a backend has refused it;
// shared by all who log in with it, wiped with the last of them. Any thread.
#pragma once

#include "proxy/auth_exchange.hpp"
#include "proxy/secret.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sessiongate::proxy {

class credential {
 public:
  /// Empty: an account that needs none.
  static std::shared_ptr<const credential> of_password(std::string_view password);
  /// `hash` is native_hash() of the password: 20 bytes.
  static std::shared_ptr<const credential> of_native_hash(protocol::bytes_view hash);

  credential(const credential&) = delete;
  credential& operator=(const credential&) = delete;

  /// What a client says to `request`, a packet of the backend's that the plugin is asked with; a password is there as
  /// it is, for auth_exchange to encrypt where that has to be. None: see why_not().
  [[nodiscard]] std::optional<secret_bytes> answer(std::string_view plugin, protocol::bytes_view request,
                                                   link_kind link) const;
  /// Why there is no answer, for an error's text: "its plugin … takes …". Empty: there may be one.
  [[nodiscard]] std::string why_not(std::string_view plugin, link_kind link) const;

  /// The same proof of the password, to the same nonce, as a client gave. None: the plugin does not tell.
  [[nodiscard]] std::optional<bool> agrees_with(std::string_view plugin, std::string_view nonce,
                                                std::string_view response) const;

  [[nodiscard]] bool is_of(std::string_view password) const;

  /// A backend has refused it: nobody who shares it tries again. True for who says so first.
  bool refuse() const { return !refused_.exchange(true); }
  [[nodiscard]] bool refused() const { return refused_.load(std::memory_order_relaxed); }

 private:
  enum class kind : std::uint8_t { password, native_hash };
  credential(kind what, protocol::bytes_view secret) : kind_(what), secret_(secret.begin(), secret.end()) {}
  [[nodiscard]] std::string_view text() const { return protocol::as_text(secret_); }
  [[nodiscard]] std::optional<std::string> respond(std::string_view plugin, std::string_view nonce) const;

  kind kind_;
  secret_bytes secret_;
  mutable std::atomic<bool> refused_{false};
};

}  // namespace sessiongate::proxy
