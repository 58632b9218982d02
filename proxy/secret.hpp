// Bytes that may hold a password: memory that is wiped when it is given back, and that stays out of core dumps and of
// swap while OpenSSL's secure heap (open_secret_memory()) has room. Any thread; the heap has a lock, so this is for
// logins and not for the data path.
#pragma once

#include "protocol/bytes.hpp"

#include <openssl/crypto.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::proxy {

/// Before any thread starts. Without it, or when the heap is full, secrets are in ordinary memory, and still wiped.
void open_secret_memory();

template <class T>
struct wiping_allocator {
  using value_type = T;

  wiping_allocator() = default;
  template <class Other>
  wiping_allocator(const wiping_allocator<Other>& /*other*/) {}

  T* allocate(std::size_t count) {
    void* memory = OPENSSL_secure_malloc(count * sizeof(T));
    if (memory == nullptr) memory = OPENSSL_malloc(count * sizeof(T));
    if (memory == nullptr) throw std::bad_alloc();
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) noexcept { OPENSSL_secure_clear_free(memory, count * sizeof(T)); }

  friend bool operator==(const wiping_allocator& /*left*/, const wiping_allocator& /*right*/) { return true; }
};

using secret_bytes = std::vector<std::uint8_t, wiping_allocator<std::uint8_t>>;

/// A text that is one. Like any text it can be read; it has no conversion that would print it.
class secret_text {
 public:
  secret_text() = default;
  explicit secret_text(std::string_view from) : bytes_(from.begin(), from.end()) {}

  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  operator std::string_view() const { return protocol::as_text(bytes_); }  // NOLINT(google-explicit-constructor)
  /// Not in constant time: for values that nobody guesses at.
  friend bool operator==(const secret_text& left, std::string_view right) { return std::string_view(left) == right; }

 private:
  secret_bytes bytes_;
};

/// For a secret that came in ordinary memory.
inline void wipe(std::string& secret) {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

inline secret_bytes to_secret(protocol::bytes_view from) {
  return {from.begin(), from.end()};
}

/// The content of a file of up to 16 MiB. None when it cannot be read.
std::optional<secret_bytes> read_secret_file(const std::string& path);
/// Without the line ends that editors add.
std::string_view without_line_end(protocol::bytes_view content);

}  // namespace sessiongate::proxy
