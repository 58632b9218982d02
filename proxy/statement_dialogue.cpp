#include "proxy/statement_dialogue.hpp"

#include "proxy/own_command.hpp"
#include "proxy/own_response.hpp"

#include "protocol/ok_packet.hpp"
#include "protocol/wire.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sessiongate::proxy {

std::optional<protocol::bytes_view> statement_dialogue::next() const {
  if (steps_.empty()) return std::nullopt;
  return steps_.front().command;
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
    if (first.take) first.take(packets);
  });
  run_until_command();
}

void statement_dialogue::run_until_command() {
  while (!steps_.empty() && steps_.front().command.empty()) {
    run_first([](const step& first) { first.then(); });
  }
}

void statement_dialogue::send(protocol::bytes command, protocol::row_format rows, reader take) {
  if (failed()) return;
  steps_.push_back({std::move(command),
                    [this, rows, take = std::move(take)](protocol::bytes_view packets) {
                      const auto answer = read_answer(packets, negotiated_, rows);
                      if (answer.malformed)
                        return fail(session::recovery_obstacle::state_too_large, "an answer that cannot be read");
                      take(answer);
                    },
                    {}});
}

void statement_dialogue::ask(std::string_view statement, reader take) {
  send(own_query(statement, negotiated_), protocol::row_format::text, std::move(take));
}

void statement_dialogue::ask_prepared(std::string_view statement, std::string_view parameter, reader take) {
  if (failed()) return;
  steps_.push_back({own_prepare(statement),
                    [this, parameter = std::string(parameter), take = std::move(take)](protocol::bytes_view packets) {
                      execute(packets, parameter, take);
                    },
                    {}});
}

void statement_dialogue::execute(protocol::bytes_view prepared, std::string_view parameter, reader take) {
  const auto first = take_packet(prepared);
  constexpr std::size_t id_end = 5;
  if (first.size() < id_end || first.front() != protocol::ok_header) {
    text_answer refused;
    const auto error = protocol::parse_err_packet(first);
    refused.error = error ? *error : protocol::server_error{};
    return take(refused);
  }
  protocol::wire_reader in(first.subspan(1));
  const auto id = in.read_u32();
  send(own_execute(id, parameter, negotiated_), protocol::row_format::binary, std::move(take));
  steps_.push_back({own_close(id), {}, {}});
}

void statement_dialogue::then(std::function<void()> step) {
  if (!failed()) steps_.push_back({{}, {}, std::move(step)});
}

void statement_dialogue::fail(session::recovery_obstacle obstacle, std::string detail) {
  if (!failed()) failure_ = {obstacle, std::move(detail)};
  steps_.clear();
}

}  // namespace sessiongate::proxy
