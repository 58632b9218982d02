// Why bytes could not be understood. Every parser of this room reports with these codes, as boost::system::result<T>;
// none of them throws for bad input.
#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

namespace sessiongate::protocol {

enum class errc {
  incomplete_message = 1,  // the payload ends before a field does
  extra_bytes,             // the payload goes on after its last field
  malformed_field,         // a field's value cannot be
  unsupported_version,     // a greeting that is not protocol 10
  unsupported_client,      // a client older than the 4.1 protocol
  malformed_compression,   // a compressed packet that is not what its header says
};

const boost::system::error_category& category() noexcept;

inline boost::system::error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), category()};
}

template <class T>
using result = boost::system::result<T>;

}  // namespace sessiongate::protocol

template <>
struct boost::system::is_error_code_enum<sessiongate::protocol::errc> : std::true_type {};
