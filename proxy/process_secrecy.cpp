#include "proxy/process_secrecy.hpp"

#include "proxy/log.hpp"

#include <openssl/crypto.h>

#include <sys/prctl.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace sessiongate::proxy {

void hide_memory(const config& settings) {
  if (settings.core_dumps) return;
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0) return;
  log_event(log_level::warning, "memory_not_hidden", {{"error", std::system_category().message(errno)}});
}

namespace {

void wipe_variable(const char* name) {
  char* const value = std::getenv(name);
  if (value == nullptr) return;
  OPENSSL_cleanse(value, std::strlen(value));
  ::unsetenv(name);
}

}  // namespace

void wipe_secret_variables(const config& settings) {
  for (const auto* name : secret_variables) wipe_variable(name);
  for (const auto& [name, password] : settings.user_passwords) wipe_variable(name.c_str());
}

}  // namespace sessiongate::proxy
