// A certificate of the proxy's own making, for --client-tls-cert auto.
#pragma once

#include <string>

namespace sessiongate::proxy {

/// In PEM form.
struct self_signed_identity {
  std::string certificate;
  std::string key;
};

/// A fresh key on P-256, named "sessiongate", valid for ten years. Throws std::runtime_error.
self_signed_identity make_self_signed();

}  // namespace sessiongate::proxy
