// An operator, as the configuration names it: an account of the backend, and where its clients may be.
#pragma once

#include "proxy/address_list.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sessiongate::proxy {

struct operator_account {
  std::string user;
  address_list from;
};

/// `NAME`, or `NAME@FROM` with an address, a network, `private` or `any` (the default) behind the last @. A name that
/// contains an @ itself needs FROM. A tenant is no FROM: it would name nobody but what anybody may write.
std::optional<operator_account> parse_operator(std::string_view text);
std::string to_text(const operator_account& who);

}  // namespace sessiongate::proxy
