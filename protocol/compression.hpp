// The two algorithms of the compressed protocol. Their working memory is large, so it is a thread's, in a pool, and a
// connection has some of it only while it is in the middle of a piece.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/errc.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace sessiongate::protocol {

enum class compression : std::uint8_t { none, zlib, zstd };

/// Uncompresses one piece in steps.
class uncompressor {
 public:
  struct step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    bool ended = false;  // the compressed data is complete
  };

  virtual ~uncompressor() = default;
  virtual void restart() = 0;
  /// Grown to what most pieces do not need.
  [[nodiscard]] virtual bool is_large() const { return false; }
  /// malformed_compression: no such data.
  virtual result<step> run(bytes_view input, std::span<std::uint8_t> into) = 0;
};

/// Compresses whole pieces.
class compressor {
 public:
  virtual ~compressor() = default;
  /// Appends `input` compressed. False, and nothing appended, when that would not make it shorter. Level 0 is the
  /// algorithm's default.
  virtual bool run(bytes& out, bytes_view input, int level) = 0;
};

/// For one thread.
class compression_pool {
 public:
  std::unique_ptr<uncompressor> take(compression algorithm);
  void give_back(compression algorithm, std::unique_ptr<uncompressor> used);
  compressor& output(compression algorithm);

 private:
  struct of_algorithm {
    std::vector<std::unique_ptr<uncompressor>> idle;
    std::unique_ptr<compressor> output;
  };
  of_algorithm& of(compression algorithm) { return by_algorithm_[static_cast<std::size_t>(algorithm)]; }

  std::array<of_algorithm, 3> by_algorithm_;
};

}  // namespace sessiongate::protocol
