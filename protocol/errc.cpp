#include "protocol/errc.hpp"

#include <string>

namespace sessiongate::protocol {
namespace {

class protocol_category final : public boost::system::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "sessiongate.protocol"; }

  [[nodiscard]] std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::incomplete_message:
        return "the message ends before its last field";
      case errc::extra_bytes:
        return "the message goes on after its last field";
      case errc::malformed_field:
        return "a field of the message has an impossible value";
      case errc::unsupported_version:
        return "the server does not speak protocol version 10";
      case errc::unsupported_client:
        return "the client does not speak the 4.1 protocol";
      case errc::malformed_compression:
        return "a compressed packet could not be uncompressed";
    }
    return "unknown protocol error";
  }
};

}  // namespace

const boost::system::error_category& category() noexcept {
  static const protocol_category instance;
  return instance;
}

}  // namespace sessiongate::protocol
