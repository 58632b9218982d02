// docs/configuration.md against the table of settings: a setting that it lacks, or shows with another default, fails.
#include "proxy/configuration.hpp"
#include "proxy/settings.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <sstream>

using namespace sessiongate::proxy;

namespace {

struct row {
  std::string variable;
  std::string key;
  std::string default_value;
  std::string meaning;
};

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream parts(line.substr(1));
  for (std::string cell; std::getline(parts, cell, '|');) {
    const auto begin = cell.find_first_not_of(" `");
    cells.push_back(begin == std::string::npos ? std::string()
                                               : cell.substr(begin, cell.find_last_not_of(" `") - begin + 1));
  }
  return cells;
}

/// The rows of the tables whose first cell is a flag, by flag.
std::map<std::string, row> documented() {
  std::ifstream in(SESSIONGATE_CONFIGURATION_DOCUMENT);
  REQUIRE(in);
  std::map<std::string, row> rows;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("| `--")) continue;
    const auto cells = cells_of(line);
    INFO(line);
    REQUIRE(cells.size() == 5);
    CHECK(rows.emplace(cells[0], row{cells[1], cells[2], cells[3], cells[4]}).second);
  }
  return rows;
}

}  // namespace

TEST_CASE("docs/configuration.md has every setting, with its variable, key and default") {
  const auto rows = documented();
  const config defaults;
  for (const auto& each : settings()) {
    const auto flag = fmt::format("--{}", each.name);
    INFO(flag);
    const auto at = rows.find(flag);
    REQUIRE(at != rows.end());
    CHECK(at->second.variable == environment_name(each.name));
    CHECK(at->second.key == file_key(each.name));
    CHECK(at->second.default_value == each.show(defaults));
    CHECK_FALSE(at->second.meaning.empty());
  }
}

TEST_CASE("docs/configuration.md has no setting that there is not") {
  std::set<std::string> flags;
  for (const auto& each : settings()) flags.insert(fmt::format("--{}", each.name));
  for (const auto& [flag, row] : documented()) {
    INFO(flag);
    CHECK(flags.contains(flag));
  }
}
