// Reading what a client sends with COM_QUERY and COM_STMT_EXECUTE: query attributes in front of a statement's text, and
// the values bound to a prepared statement's parameters ("COM_QUERY", "COM_STMT_EXECUTE", "Binary Protocol Value").
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/capabilities.hpp"
#include "protocol/errc.hpp"
#include "protocol/result_set_writer.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace sessiongate::protocol {

/// The bytes of a COM_QUERY payload (command byte included) before the statement's text, found from the part of the
/// payload that has arrived: empty when more of it is needed (which is malformed if there is no more). Without
/// client_query_attributes this is always 1. errc::malformed_field when the attributes cannot be.
result<std::optional<std::size_t>> query_text_offset(bytes_view payload_so_far, capabilities negotiated);

struct execute_request {
  std::uint32_t statement_id = 0;
  std::uint8_t cursor_flags = 0;
  result_row parameters;  // integers of every width, text and blobs; other types come as their text where it is plain
};

/// `parameter_types` are those of an earlier execution of the same statement, used when this one does not send any (it
/// may: new-params-bound flag 0), and are replaced when it does. Types: 2 bytes each, as on the wire. Values behind the
/// statement's own parameters are query attributes: checked and left out. Not for statements with long data: their
/// payload has no value for a parameter that COM_STMT_SEND_LONG_DATA filled.
result<execute_request> parse_execute(bytes_view payload, std::uint16_t parameter_count, capabilities negotiated,
                                      std::vector<std::uint16_t>& parameter_types);

/// Where a COM_STMT_EXECUTE tells the types of its parameters. It need not when an execution before it has.
struct parameter_binding {
  std::size_t flag_at = 0;  // of the byte in the payload that says whether types follow
  std::size_t count = 0;    // parameters and query attributes
  bytes_view types;         // as they are on the wire, names of attributes included; empty: none follow
};
/// None: it has no parameters. errc::incomplete_message: more of the payload is needed.
result<std::optional<parameter_binding>> find_binding(bytes_view payload, std::uint16_t parameter_count,
                                                      capabilities negotiated);

/// The statement id in COM_STMT_EXECUTE / CLOSE / RESET / FETCH / SEND_LONG_DATA / bulk execute.
result<std::uint32_t> parse_statement_id(bytes_view payload);

/// Puts another statement id into such a command, or into the OK of COM_STMT_PREPARE, where it lies at the same place.
/// `packet` begins with the packet's header and goes beyond the id.
void put_statement_id(std::span<std::uint8_t> packet, std::uint32_t statement_id);

/// The id in COM_PROCESS_KILL.
result<std::uint32_t> parse_process_kill(bytes_view payload);

/// MariaDB clients name the statement they prepared last (in the same pipeline) by this id.
inline constexpr std::uint32_t last_prepared_statement = 0xFFFFFFFF;

}  // namespace sessiongate::protocol
