#include "proxy/event_printer.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace sessiongate::proxy {

namespace {

using json = nlohmann::ordered_json;

bool is_plain(std::string_view text) {
  return !text.empty() && std::ranges::none_of(text, [](unsigned char each) {
    return each <= ' ' || each == 0x7F || each == '"' || each == '=' || each == '\\';
  });
}

std::string to_word(const json& value) {
  if (!value.is_string()) return value.dump();
  auto text = value.get<std::string>();
  return is_plain(text) ? text : value.dump();
}

/// `2026-11-28T03:12:44.101Z session_closed id=… cs_id=… user=app outcome=client_quit`
std::string to_text(const std::string& type, const json& data) {
  auto line = data.value("at", std::string());
  line += (line.empty() ? "" : " ") + type;
  for (const auto& [name, value] : data.items()) {
    if (name != "at" && name != "type" && !value.is_null()) line += ' ' + name + '=' + to_word(value);
  }
  return line;
}

/// What stands behind `name: `.
bool take_field(std::string_view line, std::string_view name, std::string& into) {
  if (!line.starts_with(name) || line.substr(name.size(), 2) != ": ") return false;
  into = line.substr(name.size() + 2);
  return true;
}

}  // namespace

void event_printer::feed(std::string_view piece) {
  unread_ += piece;
  std::size_t begin = 0;
  for (auto end = unread_.find('\n'); end != std::string::npos; end = unread_.find('\n', begin)) {
    take_line(std::string_view(unread_).substr(begin, end - begin));
    begin = end + 1;
  }
  unread_.erase(0, begin);
}

void event_printer::take_line(std::string_view line) {
  if (line.empty()) return print();
  if (!take_field(line, "event", type_))
    take_field(line, "data", data_);  // ids are in the data; the rest is for others
}

void event_printer::print() {
  const auto type = std::exchange(type_, {});
  const auto data = std::exchange(data_, {});
  if (data.empty()) return;
  const auto read = json::parse(data, nullptr, false);
  out_ << (as_json_ || !read.is_object() ? data : to_text(type, read)) << '\n' << std::flush;
}

}  // namespace sessiongate::proxy
