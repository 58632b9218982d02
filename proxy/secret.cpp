#include "proxy/secret.hpp"

namespace sessiongate::proxy {

void open_secret_memory() {
  constexpr std::size_t heap_size = 256UL * 1024UL;  // bytes: logins of some hundred clients at the same moment
  constexpr std::size_t smallest_piece = 32;
  CRYPTO_secure_malloc_init(heap_size, smallest_piece);
}

}  // namespace sessiongate::proxy
