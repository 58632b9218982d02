#include "proxy/users_file.hpp"

#include "proxy/password.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

namespace sessiongate::proxy {

namespace {

namespace filesystem = std::filesystem;

using secret_string = std::basic_string<char, std::char_traits<char>, wiping_allocator<char>>;
using secret_json = nlohmann::basic_json<std::map, std::vector, secret_string, bool, std::int64_t, std::uint64_t,
                                         double, wiping_allocator>;

/// Where a password can come from: exactly one of them.
constexpr std::string_view password_key = "password";
constexpr std::string_view file_key = "password_file";
constexpr std::string_view variable_key = "password_env";
constexpr std::string_view hash_key = "native_hash";
constexpr std::array sources{password_key, file_key, variable_key, hash_key};

std::string_view view_of(const secret_string& text) {
  return {text.data(), text.size()};
}

/// None when it is not JSON: `line` is where it ceases to be.
std::optional<secret_json> parse(std::string_view content, std::ptrdiff_t& line) {
  constexpr bool allow_exceptions = true;
  constexpr bool ignore_comments = true;
  try {
    return secret_json::parse(content.begin(), content.end(), nullptr, allow_exceptions, ignore_comments);
  } catch (const secret_json::parse_error& wrong) {
    const auto before = content.substr(0, std::max<std::size_t>(wrong.byte, 1) - 1);
    line = 1 + std::ranges::count(before, '\n');
    return std::nullopt;
  }
}

/// One reading: what it has found, and what was wrong.
class reading {
 public:
  reading(const std::string& path, const secret_variables_map& variables, std::vector<std::string>& errors)
      : path_(path), variables_(variables), errors_(errors) {}

  users_list run() {
    note_file(path_);
    std::error_code missing;
    if (filesystem::is_directory(path_, missing)) {
      read_directory();
    } else {
      read_list();
    }
    return std::move(list_);
  }

 private:
  void complain(std::string what) { errors_.push_back(fmt::format("{}: {}", path_, std::move(what))); }

  void note_file(const std::string& path) {
    list_.files.push_back(path);
    struct stat found{};
    const bool is_open = ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) && (found.st_mode & S_IROTH) != 0;
    if (is_open) list_.open_ones.push_back(path);
  }

  /// Names with a dot in front are what Kubernetes keeps the files behind the links in.
  void read_directory() {
    std::error_code failed;
    for (filesystem::directory_iterator at(path_, failed), end; !failed && at != end; at.increment(failed)) {
      const auto name = at->path().filename().string();
      std::error_code missing;
      if (name.starts_with('.') || !at->is_regular_file(missing)) continue;
      add(name, read_password(at->path().string()));
    }
    if (failed) complain(fmt::format("cannot be read: {}", failed.message()));
  }

  void read_list() {
    const auto content = read_secret_file(path_);
    if (!content) return complain("cannot be read");
    std::ptrdiff_t line = 0;
    const auto document = parse(protocol::as_text(*content), line);
    if (!document) return complain(fmt::format("line {}: is not JSON", line));
    if (!document->is_array()) return complain("is not a list: [{\"user\": …, \"password\": …}, …]");
    std::size_t number = 0;
    for (const auto& each : *document) read_entry(each, ++number);
  }

  void read_entry(const secret_json& entry, std::size_t number) {
    const auto wrong = [&](std::string_view what) { complain(fmt::format("entry {}: {}", number, what)); };
    if (!entry.is_object()) return wrong("is not an object");
    const secret_string* user = nullptr;
    std::string_view source;
    const secret_string* value = nullptr;
    for (const auto& [key, each] : entry.items()) {
      const auto name = view_of(key);
      const bool is_source = std::ranges::find(sources, name) != sources.end();
      if (name != "user" && !is_source) return wrong(fmt::format("unknown key \"{}\"", name));
      if (!each.is_string()) return wrong(fmt::format("\"{}\" must be a string", name));
      if (is_source && value != nullptr)
        return wrong("has more than one of password, password_file, password_env and native_hash");
      (is_source ? value : user) = each.get_ptr<const secret_string*>();
      if (is_source) source = *std::ranges::find(sources, name);
    }
    if (user == nullptr || user->empty()) return wrong("has no user");
    if (value == nullptr) return wrong("has none of password, password_file, password_env and native_hash");
    auto made = read_source(source, view_of(*value), wrong);
    if (made) add(std::string(view_of(*user)), std::move(made));
  }

  template <class Complain>
  std::shared_ptr<const credential> read_source(std::string_view source, std::string_view value, Complain wrong) {
    if (source == password_key) return credential::of_password(value);
    if (source == file_key) {
      // A path in the file is meant from where the file is.
      return read_password((filesystem::path(path_).parent_path() / value).string());
    }
    if (source == variable_key) {
      const auto found = variables_.find(value);
      if (found != variables_.end()) return credential::of_password(found->second);
      wrong(fmt::format("the variable {} was not set when the proxy started", value));
      return nullptr;
    }
    if (value.starts_with('*')) {
      wrong("native_hash begins with *: what mysql.user keeps cannot log in; SHA1 of the password is wanted");
      return nullptr;
    }
    const auto hash = read_native_hash(value);
    if (!hash) wrong("native_hash must be 40 hexadecimal digits: SHA1 of the password");
    return hash ? credential::of_native_hash(*hash) : nullptr;
  }

  std::shared_ptr<const credential> read_password(const std::string& path) {
    note_file(path);
    const auto content = read_secret_file(path);
    if (content) return credential::of_password(without_line_end(*content));
    complain(fmt::format("{} cannot be read", path));
    return nullptr;
  }

  void add(std::string user, std::shared_ptr<const credential> known) {
    if (!known) return;
    const auto [at, is_new] = list_.accounts.try_emplace(std::move(user), std::move(known));
    if (!is_new) complain(fmt::format("the user '{}' is there twice", at->first));
  }

  const std::string& path_;
  const secret_variables_map& variables_;
  std::vector<std::string>& errors_;
  users_list list_;
};

}  // namespace

users_list read_users(const std::string& path, const secret_variables_map& variables,
                      std::vector<std::string>& errors) {
  return reading(path, variables, errors).run();
}

std::vector<std::string> variables_named_in(const std::string& path) {
  std::vector<std::string> names;
  std::error_code missing;
  if (filesystem::is_directory(path, missing)) return names;
  const auto content = read_secret_file(path);
  std::ptrdiff_t line = 0;
  const auto document = content ? parse(protocol::as_text(*content), line) : std::nullopt;
  if (!document || !document->is_array()) return names;
  for (const auto& each : *document) {
    const auto named = each.is_object() ? each.find(variable_key) : each.end();
    if (named != each.end() && named->is_string()) names.emplace_back(view_of(*named->get_ptr<const secret_string*>()));
  }
  return names;
}

}  // namespace sessiongate::proxy
