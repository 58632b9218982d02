#include "proxy/secret.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>

namespace sessiongate::proxy {

void open_secret_memory() {
  constexpr std::size_t heap_size = 256UL * 1024UL;  // bytes: logins of some hundred clients at the same moment
  constexpr std::size_t smallest_piece = 32;
  CRYPTO_secure_malloc_init(heap_size, smallest_piece);
}

/// Without a stream, whose buffer would keep what was read.
std::optional<secret_bytes> read_secret_file(const std::string& path) {
  constexpr std::size_t size_max = 16UL * 1024 * 1024;
  constexpr std::size_t piece = 4096;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  secret_bytes content;
  ssize_t got = 0;
  do {
    const auto size = content.size();
    content.resize(size + piece);
    got = ::read(file, content.data() + size, piece);
    content.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  } while (got > 0 && content.size() <= size_max);
  ::close(file);
  if (got < 0 || content.size() > size_max) return std::nullopt;
  return content;
}

std::string_view without_line_end(protocol::bytes_view content) {
  auto text = protocol::as_text(content);
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace sessiongate::proxy
