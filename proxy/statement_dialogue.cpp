#include "proxy/statement_dialogue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sessiongate::proxy {

std::optional<std::string_view> statement_dialogue::next() const {
  if (steps_.empty()) return std::nullopt;
  return steps_.front().statement;
}

/// Runs the first step with what stands behind it put aside.
template <class Run>
void statement_dialogue::run_first(Run run) {
  const auto first = std::move(steps_.front());
  steps_.pop_front();
  auto behind = std::exchange(steps_, {});
  run(first);
  if (failed()) return;
  std::ranges::move(behind, std::back_inserter(steps_));
}

void statement_dialogue::take(protocol::bytes_view packets) {
  if (steps_.empty()) return;
  run_first([&](const step& first) {
    const auto answer = read_answer(packets, negotiated_);
    if (answer.malformed) return fail(session::recovery_obstacle::state_too_large, "an answer that cannot be read");
    first.take(answer);
  });
  run_until_statement();
}

void statement_dialogue::run_until_statement() {
  while (!steps_.empty() && steps_.front().statement.empty()) {
    run_first([](const step& first) { first.then(); });
  }
}

void statement_dialogue::ask(std::string statement, reader take) {
  if (!failed()) steps_.push_back({std::move(statement), std::move(take), {}});
}

void statement_dialogue::then(std::function<void()> step) {
  if (!failed()) steps_.push_back({{}, {}, std::move(step)});
}

void statement_dialogue::fail(session::recovery_obstacle obstacle, std::string detail) {
  if (!failed()) failure_ = {obstacle, std::move(detail)};
  steps_.clear();
}

}  // namespace sessiongate::proxy
