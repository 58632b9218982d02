#include "proxy/prepared_statements.hpp"

#include "protocol/statement.hpp"

#include <algorithm>

namespace sessiongate::proxy {

void prepared_statements::add(std::uint32_t server_id, std::string text, preparing_state under,
                              std::uint16_t parameters) {
  const auto client_id = translates_ ? next_shown() : server_id;
  remove(client_id);
  text_size_ += text.size();
  all_.emplace(
      client_id,
      statement{.text = std::move(text), .under = std::move(under), .server_id = server_id, .parameters = parameters});
  last_ = client_id;
  last_shown_ = std::max(last_shown_, client_id);
}

void prepared_statements::remove(std::uint32_t client_id) {
  const auto at = all_.find(client_id);
  if (at == all_.end()) return;
  text_size_ -= at->second.text.size();
  all_.erase(at);
}

void prepared_statements::clear() {
  all_.clear();
  text_size_ = 0;
  last_ = 0;
}

prepared_statements::statement* prepared_statements::find(std::uint32_t client_id) {
  const auto at = all_.find(client_id == protocol::last_prepared_statement ? last_ : client_id);
  return at == all_.end() ? nullptr : &at->second;
}

std::uint32_t prepared_statements::translate(std::uint32_t client_id) {
  const auto* const found = find(client_id);
  return found == nullptr ? 0 : found->server_id;
}

void prepared_statements::moved(std::uint32_t client_id, std::uint32_t server_id) {
  auto* const found = find(client_id);
  if (found == nullptr) return;
  found->server_id = server_id;
  found->types_missing = !found->types.empty();
}

}  // namespace sessiongate::proxy
