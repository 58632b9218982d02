// A whole login's authentication between a client and a backend that send anything in any order. The first byte chooses
// the two connections; then each packet is who sends it, its length (two bytes) and its payload.
#include "proxy/auth_exchange.hpp"

#include "protocol/auth_packets.hpp"

#include "test/fuzz/round_trip.hpp"

#include <algorithm>

using namespace sessiongate::proxy;
using sessiongate::fuzz::require;
namespace protocol = sessiongate::protocol;

namespace {

constexpr std::size_t rounds_max = 8;

const rsa_key& own_key() {
  static const auto key = rsa_key::generate();
  return key;
}

link_kind kind_of(unsigned int choice) {
  return static_cast<link_kind>(choice % 3);
}

bool asks_for_clear_password(protocol::bytes_view payload) {
  constexpr std::string_view head("\xfemysql_clear_password\0", 22);
  return protocol::as_text(payload).starts_with(head);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using action = auth_exchange::step::action;
  protocol::wire_reader input({data, size});
  const auto choice = input.read_u8();
  const auth_circumstances given{
      .client = kind_of(choice),
      .backend = kind_of(choice / 3U),
      .negotiated = (choice & 0x80U) != 0 ? protocol::client_multi_factor_authentication : 0,
      .own_key = (choice & 0x40U) != 0 ? &own_key() : nullptr,
      .rounds_max = rounds_max,
  };
  const bool carries_only = given.client == given.backend;
  auth_exchange exchange(given);
  const bool encrypts_for_backend = given.client == link_kind::encrypted && given.backend == link_kind::plain;
  std::size_t asked = 0;
  bool owes_password = false;  // sha256_password: the client's next packet is the password
  while (!input.at_end()) {
    const bool from_client = (input.read_u8() & 1U) != 0;
    const auto payload =
        protocol::as_bytes(input.read_string(std::min<std::size_t>(input.read_u16(), input.remaining())));
    const auto next = from_client ? exchange.on_client(payload) : exchange.on_backend(payload);
    if (next.what == action::refused) {
      require(next.error.code != 0 && next.error.sqlstate.size() == 5 && !next.error.message.empty(), "it says why");
      require(next.packet.empty(), "nothing is sent then");
      return 0;
    }
    if (next.what == action::finished) {
      require(!from_client, "only the backend decides");
      return 0;
    }
    if (!from_client && next.what == action::to_client) {
      require(++asked <= rounds_max, "a backend does not ask without end");
      require(std::ranges::equal(next.packet, payload), "what a client gets of the backend is not changed");
      require(given.client != link_kind::plain || !asks_for_clear_password(payload),
              "no clear password over plain TCP");
    }
    if (carries_only) {
      require((next.what == action::to_backend) == from_client, "between equals everything goes across");
      require(std::ranges::equal(next.packet, payload), "between equals nothing is changed");
    }
    if (from_client && owes_password && payload.size() > 1) {
      require(!std::ranges::equal(next.packet, payload), "a password does not leave as it came");
    }
    owes_password = !from_client && encrypts_for_backend && exchange.plugin() == "sha256_password" &&
                    payload.front() == protocol::auth_switch_header;
  }
  return 0;
}
