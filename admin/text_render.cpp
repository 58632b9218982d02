#include "admin/text_render.hpp"

#include "admin/breather.hpp"
#include "admin/predicate.hpp"
#include "admin/session_detail.hpp"

#include <algorithm>
#include <vector>

namespace sessiongate::admin {

namespace {

/// Characters of UTF-8, which is what a terminal shows one beside the other.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string shown(const cell& value, const column& of) {
  if (std::holds_alternative<std::monostate>(value)) return of.sql_null.empty() ? "NULL" : std::string(of.sql_null);
  auto text = to_plain_text(value);
  std::ranges::replace_if(text, [](char c) { return (c >= '\0' && c < ' ') || c == '\x7F'; }, '.');
  return text;
}

struct text_column {
  std::vector<std::string> cells;  // the first is the name
  std::size_t width = 0;
  bool number = false;
};

std::vector<text_column> to_columns(const table& what) {
  std::vector<text_column> columns;
  breather pause;
  for (std::size_t at = 0; at < what.columns.size(); ++at) {
    const auto& of = what.columns[at];
    if (of.sql_name.empty()) continue;
    auto& made = columns.emplace_back();
    made.number = of.type != value_type::text;
    made.cells.emplace_back(of.sql_name);
    for (const auto& row : what.rows) {
      made.cells.push_back(shown(row[at], of));
      pause.step();
    }
    for (const auto& each : made.cells) made.width = std::max(made.width, width_of(each));
  }
  return columns;
}

std::string render(const table& what) {
  const auto columns = to_columns(what);
  std::string text;
  breather pause;
  for (std::size_t row = 0; row <= what.rows.size(); ++row) {
    std::string line;
    for (const auto& each : columns) {
      const std::string pad(each.width - width_of(each.cells[row]), ' ');
      if (!line.empty()) line += "  ";
      line += each.number ? pad + each.cells[row] : each.cells[row] + pad;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
    pause.step();
  }
  if (what.rows.size() < what.total) {
    text += '(' + std::to_string(what.rows.size()) + " of " + std::to_string(what.total) + " rows)\n";
  }
  return text;
}

std::string render(const session_detail& what) {
  return render(flatten(what));
}

std::string render(const kill_report& what) {
  return render(what.targets) + '(' + summarize(what) + ")\n";
}

std::string render(const acknowledgement& what) {
  return (what.message.empty() ? "OK" : what.message) + '\n';
}

template <class Outcome>
std::string render(const Outcome& what) {
  return summarize(what) + '\n';
}

}  // namespace

std::string render_text(const result& what) {
  return std::visit([](const auto& each) { return render(each); }, what);
}

}  // namespace sessiongate::admin
