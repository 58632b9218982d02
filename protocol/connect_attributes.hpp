// Connection attributes: name/value pairs that a client says about itself at login (program name, driver, pid …).
#pragma once

#include "protocol/wire.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sessiongate::protocol {

using connect_attributes = std::vector<std::pair<std::string, std::string>>;

/// Reads the length-encoded block; a block that lies about its length makes the reader's ok() false. Servers do not
/// look at what is in it before the login is done: pairs are taken up to the first that does not fit, the rest is
/// dropped.
connect_attributes read_connect_attributes(wire_reader& reader);
void write_connect_attributes(wire_writer& writer, const connect_attributes& attributes);

}  // namespace sessiongate::protocol
