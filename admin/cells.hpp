// What the listings make their rows of.
#pragma once

#include "admin/table.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace sessiongate::admin {

template <class Number>
cell to_cell(Number value) {
  return static_cast<std::int64_t>(value);
}

inline cell to_cell(std::string text) {
  return text;
}

template <class Number>
cell null_when_zero(Number value) {
  return value == 0 ? cell() : to_cell(value);
}

inline cell null_when_empty(std::string text) {
  return text.empty() ? cell() : cell(std::move(text));
}

}  // namespace sessiongate::admin
