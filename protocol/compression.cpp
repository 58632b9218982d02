#include "protocol/compression.hpp"

#include <zlib.h>
#include <zstd.h>

#include <new>

namespace sessiongate::protocol {

namespace {

constexpr std::size_t idle_max = 16;
constexpr int window_log_max = 24;  // zstd: no piece is larger than 16 MiB, so no memory above that for any
constexpr std::size_t large = std::size_t{1} << 20U;  // bytes

class zlib_uncompressor final : public uncompressor {
 public:
  zlib_uncompressor() {
    if (::inflateInit(&state_) != Z_OK) throw std::bad_alloc();
  }
  ~zlib_uncompressor() override { ::inflateEnd(&state_); }
  zlib_uncompressor(const zlib_uncompressor&) = delete;
  zlib_uncompressor& operator=(const zlib_uncompressor&) = delete;

  void restart() override { ::inflateReset(&state_); }

  result<step> run(bytes_view input, std::span<std::uint8_t> into) override {
    state_.next_in = const_cast<Bytef*>(input.data());  // zlib's interface; it only reads
    state_.avail_in = static_cast<uInt>(input.size());
    state_.next_out = into.data();
    state_.avail_out = static_cast<uInt>(into.size());
    const int told = ::inflate(&state_, Z_NO_FLUSH);
    if (told != Z_OK && told != Z_STREAM_END && told != Z_BUF_ERROR) return errc::malformed_compression;
    return step{input.size() - state_.avail_in, into.size() - state_.avail_out, told == Z_STREAM_END};
  }

 private:
  z_stream state_{};
};

class zlib_compressor final : public compressor {
 public:
  zlib_compressor() {
    if (::deflateInit(&state_, Z_DEFAULT_COMPRESSION) != Z_OK) throw std::bad_alloc();
  }
  ~zlib_compressor() override { ::deflateEnd(&state_); }
  zlib_compressor(const zlib_compressor&) = delete;
  zlib_compressor& operator=(const zlib_compressor&) = delete;

  bool run(bytes& out, bytes_view input, int level) override {
    ::deflateReset(&state_);
    const int wanted = level == 0 ? Z_DEFAULT_COMPRESSION : level;
    if (wanted != level_) ::deflateParams(&state_, wanted, Z_DEFAULT_STRATEGY);
    level_ = wanted;
    const auto begin = out.size();
    out.resize(begin + input.size());
    state_.next_in = const_cast<Bytef*>(input.data());
    state_.avail_in = static_cast<uInt>(input.size());
    state_.next_out = out.data() + begin;
    state_.avail_out = static_cast<uInt>(input.size());
    const bool shorter = ::deflate(&state_, Z_FINISH) == Z_STREAM_END && state_.avail_out > 0;
    out.resize(shorter ? out.size() - state_.avail_out : begin);
    return shorter;
  }

 private:
  z_stream state_{};
  int level_ = Z_DEFAULT_COMPRESSION;
};

template <auto Free>
struct deleter {
  template <class T>
  void operator()(T* dead) const {
    Free(dead);
  }
};

class zstd_uncompressor final : public uncompressor {
 public:
  zstd_uncompressor() : state_(::ZSTD_createDCtx()) {
    if (!state_) throw std::bad_alloc();
    ::ZSTD_DCtx_setParameter(state_.get(), ZSTD_d_windowLogMax, window_log_max);
  }

  void restart() override { ::ZSTD_DCtx_reset(state_.get(), ZSTD_reset_session_only); }
  [[nodiscard]] bool is_large() const override { return ::ZSTD_sizeof_DCtx(state_.get()) > large; }

  result<step> run(bytes_view input, std::span<std::uint8_t> into) override {
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{into.data(), into.size(), 0};
    const auto told = ::ZSTD_decompressStream(state_.get(), &out, &in);
    if (::ZSTD_isError(told) != 0) return errc::malformed_compression;
    return step{in.pos, out.pos, told == 0};
  }

 private:
  std::unique_ptr<ZSTD_DCtx, deleter<::ZSTD_freeDCtx>> state_;
};

class zstd_compressor final : public compressor {
 public:
  zstd_compressor() : state_(::ZSTD_createCCtx()) {
    if (!state_) throw std::bad_alloc();
  }

  bool run(bytes& out, bytes_view input, int level) override {
    const auto begin = out.size();
    out.resize(begin + input.size());
    const auto size = ::ZSTD_compressCCtx(state_.get(), out.data() + begin, input.size(), input.data(), input.size(),
                                          level == 0 ? ZSTD_CLEVEL_DEFAULT : level);
    const bool shorter = ::ZSTD_isError(size) == 0 && size < input.size();
    out.resize(shorter ? begin + size : begin);
    return shorter;
  }

 private:
  std::unique_ptr<ZSTD_CCtx, deleter<::ZSTD_freeCCtx>> state_;
};

}  // namespace

std::unique_ptr<uncompressor> compression_pool::take(compression algorithm) {
  auto& idle = of(algorithm).idle;
  if (!idle.empty()) {
    auto last = std::move(idle.back());
    idle.pop_back();
    last->restart();
    return last;
  }
  if (algorithm == compression::zstd) return std::make_unique<zstd_uncompressor>();
  return std::make_unique<zlib_uncompressor>();
}

void compression_pool::give_back(compression algorithm, std::unique_ptr<uncompressor> used) {
  auto& idle = of(algorithm).idle;
  if (idle.size() < idle_max && !used->is_large()) idle.push_back(std::move(used));
}

compressor& compression_pool::output(compression algorithm) {
  auto& made = of(algorithm).output;
  if (!made && algorithm == compression::zstd) made = std::make_unique<zstd_compressor>();
  if (!made) made = std::make_unique<zlib_compressor>();
  return *made;
}

}  // namespace sessiongate::protocol
