// Reading a configuration in a test: arguments, variables and files without a process.
#pragma once

#include "proxy/config.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sessiongate::proxy::test {

/// A file that is gone when the test ends.
class temporary_file {
 public:
  explicit temporary_file(std::string_view content) {
    std::string name = (std::filesystem::temp_directory_path() / "sessiongate-test-XXXXXX").string();
    const int made = ::mkstemp(name.data());
    REQUIRE(made >= 0);
    ::close(made);
    path_ = name;
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~temporary_file() { std::filesystem::remove(path_); }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

using variables = std::map<std::string, std::string>;

inline invocation read(std::vector<std::string> arguments, const variables& env = {}) {
  arguments.insert(arguments.begin(), "sessiongate");
  std::vector<const char*> argv;
  for (const auto& each : arguments) argv.push_back(each.c_str());
  return read_configuration(static_cast<int>(argv.size()), argv.data(), [&env](const char* name) {
    const auto at = env.find(name);
    return at == env.end() ? nullptr : at->second.c_str();
  });
}

/// As read(), with the one setting that is required.
inline invocation read_with_backend(std::vector<std::string> arguments, const variables& env = {}) {
  arguments.insert(arguments.end(), {"--backend", "127.0.0.1:3306"});
  return read(std::move(arguments), env);
}

/// The settings of a configuration that has to be good.
inline config good(const invocation& asked) {
  INFO(asked.output);
  REQUIRE(asked.next == invocation::action::run);
  return asked.settings;
}

/// The error text of a configuration that has to be bad.
inline std::string bad(const invocation& asked) {
  REQUIRE(asked.next == invocation::action::exit);
  REQUIRE(asked.exit_code == 2);
  return asked.output;
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace sessiongate::proxy::test
