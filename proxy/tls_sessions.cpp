#include "proxy/tls_sessions.hpp"

#include <openssl/ssl.h>

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace sessiongate::proxy {

namespace {

constexpr std::size_t sessions_max = 64;  // of one peer; each some kilobytes

struct session_deleter {
  void operator()(SSL_SESSION* dead) const { SSL_SESSION_free(dead); }
};
using session_handle = std::unique_ptr<SSL_SESSION, session_deleter>;

class session_pool {
 public:
  void put(const std::string& peer, session_handle fresh) {
    const std::lock_guard lock(mutex_);
    auto& kept = kept_[peer];
    if (kept.size() < sessions_max) kept.push_back(std::move(fresh));
  }
  session_handle take(const std::string& peer) {
    const std::lock_guard lock(mutex_);
    auto& kept = kept_[peer];
    if (kept.empty()) return {};
    auto last = std::move(kept.back());
    kept.pop_back();
    return last;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::vector<session_handle>> kept_;  // by peer: backends of the configuration
};

void free_pool(void* /*parent*/, void* pool, CRYPTO_EX_DATA* /*data*/, int /*index*/, long /*number*/,
               void* /*pointer*/) {
  delete static_cast<session_pool*>(pool);
}

/// The pool lives as long as its SSL_CTX, which the last connection may outlive the settings with.
int pool_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_pool);
  return index;
}

void free_peer(void* /*parent*/, void* peer, CRYPTO_EX_DATA* /*data*/, int /*index*/, long /*number*/,
               void* /*pointer*/) {
  delete static_cast<std::string*>(peer);
}

int peer_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_peer);
  return index;
}

session_pool* pool_of(SSL* connection) {
  return static_cast<session_pool*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), pool_index()));
}

/// A copy: the connection goes on using its own, on its own thread.
int keep_session(SSL* connection, SSL_SESSION* fresh) {
  const auto* peer = static_cast<const std::string*>(SSL_get_ex_data(connection, peer_index()));
  if (SSL_SESSION_is_resumable(fresh) == 1) pool_of(connection)->put(*peer, session_handle(SSL_SESSION_dup(fresh)));
  return 0;  // OpenSSL keeps its reference
}

}  // namespace

void keep_sessions(SSL_CTX* context) {
  SSL_CTX_set_ex_data(context, pool_index(), std::make_unique<session_pool>().release());
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
}

void resume_session(SSL* connection, const std::string& peer) {
  SSL_set_ex_data(connection, peer_index(), std::make_unique<std::string>(peer).release());
  const auto session = pool_of(connection)->take(peer);
  if (session) SSL_set_session(connection, session.get());
}

}  // namespace sessiongate::proxy
