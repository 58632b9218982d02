#include "protocol/statement.hpp"

#include "protocol/command.hpp"
#include "protocol/packet.hpp"
#include "protocol/wire.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cstdio>

namespace sessiongate::protocol {
namespace {

constexpr std::uint64_t parameter_count_max = 0xFFFF;      // the servers' own limit
constexpr std::uint64_t attribute_size_max = 1ULL << 30U;  // bytes; no server takes a larger packet
constexpr std::uint8_t parameter_count_available = 0x08;   // in the cursor flags
constexpr std::uint16_t unsigned_type_flag = 0x8000;
constexpr std::uint8_t types_follow = 1;

enum class value_type : std::uint8_t {  // enum_field_types, as far as the layout of a value differs
  tiny = 1,
  small = 2,
  integer = 3,
  single_precision = 4,
  double_precision = 5,
  null = 6,
  timestamp = 7,
  longlong = 8,
  medium = 9,
  date = 10,
  time = 11,
  datetime = 12,
  year = 13,
  boolean = 244,
};

constexpr value_type type_of(std::uint16_t wire_type) {
  return static_cast<value_type>(wire_type & 0xFFU);
}

bool is_null(std::string_view bitmap, std::size_t index) {
  return (static_cast<std::uint8_t>(bitmap[index / 8]) >> index % 8 & 1U) != 0;
}

/// Bytes of a value that needs no length of its own; nothing for the others.
std::optional<std::size_t> fixed_size(value_type type) {
  switch (type) {
    case value_type::null:
      return 0;
    case value_type::tiny:
    case value_type::boolean:
      return 1;
    case value_type::small:
    case value_type::year:
      return 2;
    case value_type::integer:
    case value_type::medium:
    case value_type::single_precision:
      return 4;
    case value_type::longlong:
    case value_type::double_precision:
      return 8;
    default:
      return std::nullopt;
  }
}

bool is_temporal(value_type type) {
  return type == value_type::date || type == value_type::datetime || type == value_type::timestamp ||
         type == value_type::time;
}

std::string_view read_raw_value(wire_reader& reader, value_type type) {
  if (const auto size = fixed_size(type)) return reader.read_string(*size);
  if (is_temporal(type)) return reader.read_string(reader.read_u8());
  return reader.read_lenenc_string();
}

// --- query attributes in front of a statement's text -----------------------------------------------------------------

/// Walks over attributes that may have arrived in part: a field that is not all there is no error, an impossible one
/// is.
class attribute_walk {
 public:
  explicit attribute_walk(bytes_view payload) : reader_(payload) {}

  std::uint64_t read_count(std::uint64_t max) {
    if (reader_.peek() == 0xFB || reader_.peek() == 0xFF) impossible_ = true;
    const auto count = reader_.read_lenenc_int();
    if (count > max) impossible_ = true;
    return impossible_ ? 0 : count;
  }
  void skip_string() { reader_.skip(static_cast<std::size_t>(read_count(attribute_size_max))); }
  void skip_value(value_type type) {
    if (fixed_size(type) || is_temporal(type)) {
      read_raw_value(reader_, type);
    } else {
      skip_string();
    }
  }
  void refuse() { impossible_ = true; }

  [[nodiscard]] wire_reader& reader() { return reader_; }
  [[nodiscard]] bool impossible() const { return impossible_; }
  [[nodiscard]] bool goes_on() const { return reader_.ok() && !impossible_; }

 private:
  wire_reader reader_;
  bool impossible_ = false;
};

void walk_attributes(attribute_walk& walk, std::size_t count) {
  auto& reader = walk.reader();
  const auto bitmap = reader.read_string((count + 7) / 8);
  const auto types_flag = reader.read_u8();
  if (reader.ok() && types_flag != types_follow) walk.refuse();  // there is no earlier execution to take types from
  std::vector<value_type> types;
  for (std::size_t i = 0; i < count && walk.goes_on(); ++i) {
    types.push_back(type_of(reader.read_u16()));
    walk.skip_string();
  }
  for (std::size_t i = 0; i < count && walk.goes_on(); ++i) {
    if (!is_null(bitmap, i)) walk.skip_value(types[i]);
  }
}

// --- values bound to a prepared statement ----------------------------------------------------------------------------

result_cell read_integer(wire_reader& raw, std::size_t size, bool is_unsigned) {
  std::uint64_t value = 0;
  switch (size) {
    case 1:
      value = raw.read_u8();
      break;
    case 2:
      value = raw.read_u16();
      break;
    case 4:
      value = raw.read_u32();
      break;
    default:
      value = raw.read_u64();
      break;
  }
  if (is_unsigned) return value;
  const auto unused_bits = 64 - 8 * size;
  return static_cast<std::int64_t>(value << unused_bits) >> unused_bits;
}

template <class Float>
std::string text_of(Float value) {
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

template <class... Args>
void append_formatted(std::string& out, const char* format, Args... args) {
  std::array<char, 32> buffer{};
  const int size = std::snprintf(buffer.data(), buffer.size(), format, args...);
  out.append(buffer.data(), static_cast<std::size_t>(size));
}

void append_clock(std::string& out, unsigned hours, wire_reader& raw) {
  const unsigned minutes = raw.read_u8();
  const unsigned seconds = raw.read_u8();
  append_formatted(out, "%02u:%02u:%02u", hours, minutes, seconds);
  if (!raw.at_end()) append_formatted(out, ".%06u", raw.read_u32());
}

std::optional<std::string> date_text(std::string_view data) {
  if (data.empty()) return "0000-00-00";
  if (data.size() != 4 && data.size() != 7 && data.size() != 11) return std::nullopt;
  wire_reader raw(as_bytes(data));
  const unsigned year = raw.read_u16();
  const unsigned month = raw.read_u8();
  const unsigned day = raw.read_u8();
  std::string out;
  append_formatted(out, "%04u-%02u-%02u", year, month, day);
  if (raw.at_end()) return out;
  out += ' ';
  append_clock(out, raw.read_u8(), raw);
  return out;
}

std::optional<std::string> time_text(std::string_view data) {
  if (data.empty()) return "00:00:00";
  if (data.size() != 8 && data.size() != 12) return std::nullopt;
  wire_reader raw(as_bytes(data));
  std::string out = raw.read_u8() != 0 ? "-" : "";
  const auto days = raw.read_u32();
  constexpr std::uint32_t days_max = 0xFFFFFFFF / 24 - 24;
  if (days > days_max) return std::nullopt;
  append_clock(out, days * 24 + raw.read_u8(), raw);
  return out;
}

result<result_cell> read_value(wire_reader& reader, std::uint16_t wire_type) {
  const auto type = type_of(wire_type);
  const auto data = read_raw_value(reader, type);
  if (!reader.ok()) return errc::incomplete_message;
  wire_reader raw(as_bytes(data));
  if (type == value_type::null) return result_cell{};
  if (type == value_type::single_precision) return result_cell{text_of(std::bit_cast<float>(raw.read_u32()))};
  if (type == value_type::double_precision) return result_cell{text_of(std::bit_cast<double>(raw.read_u64()))};
  if (const auto size = fixed_size(type)) return read_integer(raw, *size, (wire_type & unsigned_type_flag) != 0);
  if (!is_temporal(type)) return result_cell{std::string(data)};
  auto text = type == value_type::time ? time_text(data) : date_text(data);
  if (!text) return errc::malformed_field;
  return result_cell{std::move(*text)};
}

result<std::size_t> read_parameter_count(wire_reader& reader, const execute_request& request, std::uint16_t prepared,
                                         capabilities negotiated) {
  if (!has(negotiated, client_query_attributes)) return prepared;
  if (prepared == 0 && (request.cursor_flags & parameter_count_available) == 0) return 0;
  const auto count = reader.read_lenenc_int();
  if (!reader.ok()) return errc::incomplete_message;
  if (count > parameter_count_max || count < prepared) return errc::malformed_field;
  return static_cast<std::size_t>(count);
}

std::vector<std::uint16_t> read_types(wire_reader& reader, std::size_t count, bool with_names) {
  std::vector<std::uint16_t> types;
  for (std::size_t i = 0; i < count && reader.ok(); ++i) {
    types.push_back(reader.read_u16());
    if (with_names) reader.skip(static_cast<std::size_t>(reader.read_lenenc_int()));
  }
  return types;
}

/// `types` stay as they are unless everything could be read.
result<result_row> read_parameters(wire_reader& reader, std::size_t count, capabilities negotiated,
                                   std::vector<std::uint16_t>& types) {
  const auto bitmap = reader.read_string((count + 7) / 8);
  const auto types_flag = reader.read_u8();
  if (reader.ok() && types_flag > types_follow) return errc::malformed_field;
  const bool with_names = has(negotiated, client_query_attributes);
  auto used_types = types_flag == types_follow ? read_types(reader, count, with_names) : types;
  if (!reader.ok()) return errc::incomplete_message;
  if (used_types.size() != count) return errc::malformed_field;
  result_row values;
  for (std::size_t i = 0; i < count; ++i) {
    auto value = is_null(bitmap, i) ? result<result_cell>{result_cell{}} : read_value(reader, used_types[i]);
    if (!value) return value.error();
    values.push_back(std::move(*value));
  }
  if (!reader.at_end()) return errc::extra_bytes;
  types = std::move(used_types);
  return values;
}

bool starts_with_statement_id(command what) {
  return what == command::stmt_execute || what == command::stmt_send_long_data || what == command::stmt_close ||
         what == command::stmt_reset || what == command::stmt_fetch || what == command::mariadb_stmt_bulk_execute;
}

}  // namespace

result<std::optional<std::size_t>> query_text_offset(bytes_view payload_so_far, capabilities negotiated) {
  const std::optional<std::size_t> need_more;
  if (!has(negotiated, client_query_attributes)) return std::optional<std::size_t>{1};
  if (payload_so_far.empty()) return need_more;
  attribute_walk walk(payload_so_far.subspan(1));
  const auto count = walk.read_count(parameter_count_max);
  const auto set_count = walk.read_count(1);
  if (walk.goes_on() && set_count != 1) walk.refuse();
  if (walk.goes_on() && count > 0) walk_attributes(walk, static_cast<std::size_t>(count));
  if (walk.impossible()) return errc::malformed_field;
  if (!walk.goes_on()) return need_more;
  return std::optional<std::size_t>{payload_so_far.size() - walk.reader().remaining()};
}

result<execute_request> parse_execute(bytes_view payload, std::uint16_t parameter_count, capabilities negotiated,
                                      std::vector<std::uint16_t>& parameter_types) {
  if (payload.empty()) return errc::incomplete_message;
  wire_reader reader(payload);
  if (static_cast<command>(reader.read_u8()) != command::stmt_execute) return errc::malformed_field;
  execute_request request;
  request.statement_id = reader.read_u32();
  request.cursor_flags = reader.read_u8();
  reader.skip(4);  // the iteration count, always 1
  if (!reader.ok()) return errc::incomplete_message;
  const auto count = read_parameter_count(reader, request, parameter_count, negotiated);
  if (!count) return count.error();
  if (*count == 0) return request;  // servers do not mind what a few drivers send behind here
  auto values = read_parameters(reader, *count, negotiated, parameter_types);
  if (!values) return values.error();
  request.parameters = std::move(*values);
  request.parameters.resize(parameter_count);
  return request;
}

result<std::optional<parameter_binding>> find_binding(bytes_view payload, std::uint16_t parameter_count,
                                                      capabilities negotiated) {
  constexpr std::size_t flags_at = 5;
  constexpr std::size_t behind_iterations = 10;
  if (payload.size() < behind_iterations) return errc::incomplete_message;
  const execute_request request{.cursor_flags = payload[flags_at], .parameters = {}};
  wire_reader reader(payload.subspan(behind_iterations));
  const auto count = read_parameter_count(reader, request, parameter_count, negotiated);
  if (!count) return count.error();
  if (*count == 0) return std::optional<parameter_binding>();
  reader.skip((*count + 7) / 8);
  parameter_binding found{.flag_at = payload.size() - reader.remaining(), .count = *count, .types = {}};
  const bool follow = reader.read_u8() == types_follow;
  if (!reader.ok()) return errc::incomplete_message;
  if (!follow) return std::optional(found);
  read_types(reader, *count, has(negotiated, client_query_attributes));
  if (!reader.ok()) return errc::incomplete_message;
  const auto begin = found.flag_at + 1;
  found.types = payload.subspan(begin, payload.size() - reader.remaining() - begin);
  return std::optional(found);
}

result<std::uint32_t> parse_statement_id(bytes_view payload) {
  if (payload.empty()) return errc::incomplete_message;
  wire_reader reader(payload);
  if (!starts_with_statement_id(static_cast<command>(reader.read_u8()))) return errc::malformed_field;
  const auto id = reader.read_u32();
  if (!reader.ok()) return errc::incomplete_message;
  return id;
}

void put_statement_id(std::span<std::uint8_t> packet, std::uint32_t statement_id) {
  constexpr std::size_t place = packet_header_size + 1;
  for (std::size_t each = 0; each < sizeof statement_id; ++each)
    packet[place + each] = static_cast<std::uint8_t>(statement_id >> (8U * each));
}

result<std::uint32_t> parse_process_kill(bytes_view payload) {
  wire_reader reader(payload);
  const auto type = reader.read_u8();
  const auto id = reader.read_u32();
  if (!reader.ok()) return errc::incomplete_message;
  if (type != static_cast<std::uint8_t>(command::process_kill)) return errc::malformed_field;
  return id;
}

}  // namespace sessiongate::protocol
