#include "proxy/ctl_request.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <map>
#include <sstream>
#include <string_view>

namespace sessiongate::proxy {

namespace {

using given_words = std::map<std::string, std::string>;

std::vector<std::string> split_words(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

/// The words are those of the pattern; what stands for a {…} is put into `given`.
bool match(std::string_view pattern, const std::vector<std::string>& words, given_words& given) {
  const auto expected = split_words(pattern);
  if (expected.size() != words.size()) return false;
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (expected[at].starts_with('{')) {
      given[expected[at]] = words[at];
    } else if (expected[at] != words[at]) {
      return false;
    }
  }
  return true;
}

std::string encode_percent(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    const bool plain = std::isalnum(code) != 0 || c == '-' || c == '_' || c == '.' || c == '~';
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", code);
  }
  return encoded;
}

std::string dump(const nlohmann::json& body) {
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// What has to be a number and is none goes as it is, and is refused there.
nlohmann::json to_member(std::string_view name, const std::string& value) {
  if (name == "dry_run" || name == "include_self") return value == "true";
  if (name != "max" && name != "limit") return value;
  auto read = nlohmann::json::parse(value, nullptr, false);
  return read.is_number() ? read : nlohmann::json(value);
}

/// On a line of its own, for the first one may end with a comment.
std::string both(const std::string& first, const std::string& second) {
  return first + "\nAND " + second;
}

/// kill-where has a body in place of a query.
std::string describe_kill(const std::string& filter,
                          const std::vector<std::pair<std::string, std::string>>& parameters) {
  nlohmann::json body{{"filter", filter}};
  for (const auto& [name, value] : parameters) {
    if (name == "filter") {
      body["filter"] = both(filter, value);
    } else {
      body[name] = to_member(name, value);
    }
  }
  return dump(body);
}

ctl_request to_request(const admin::command_entry& entry, given_words given,
                       const std::vector<std::pair<std::string, std::string>>& parameters) {
  ctl_request made{std::string(entry.method), std::string(entry.path), {}};
  for (const auto& [mark, value] : given) {
    if (const auto at = made.target.find(mark); at != std::string::npos) {
      made.target.replace(at, mark.size(), encode_percent(value));
    }
  }
  if (entry.method == "POST" && given.contains("{filter}")) {
    made.body = describe_kill(given["{filter}"], parameters);
    return made;
  }
  char mark = '?';
  for (const auto& [name, value] : parameters) {
    made.target += mark + encode_percent(name) + '=' + encode_percent(value);
    mark = '&';
  }
  if (given.contains("{value}")) {
    made.body = dump(nlohmann::json{{"value", given["{value}"]}});
  }
  return made;
}

}  // namespace

std::variant<ctl_request, std::string> make_ctl_request(
    const std::vector<std::string>& words, const std::vector<std::pair<std::string, std::string>>& parameters) {
  for (const auto& each : admin::command_table()) {
    given_words given;
    if (match(each.ctl, words, given)) return to_request(each, std::move(given), parameters);
  }
  return fmt::format("there is no command '{}'", fmt::join(words, " "));
}

std::string ctl_help() {
  std::string text = "Commands:\n";
  for (const auto& each : admin::command_table()) text += fmt::format("  {:<32} {}\n", each.ctl, each.help);
  return text;
}

}  // namespace sessiongate::proxy
