// What the admin commands see of this proxy, and the settings that they may change while it runs. One for the process,
// made by the server; every member may be called from any thread.
#pragma once

#include "proxy/gateway.hpp"
#include "proxy/worker.hpp"

#include "admin/proxy_view.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace sessiongate::proxy {

class proxy_report final : public admin::proxy_view {
 public:
  proxy_report(gateway& shared, std::span<const std::unique_ptr<worker>> workers)
      : shared_(shared), workers_(workers) {}

  [[nodiscard]] std::vector<admin::proxy_setting> settings() const override;
  std::variant<admin::acknowledgement, admin::failure> change_setting(std::string_view name,
                                                                      std::string_view value) override;
  [[nodiscard]] std::vector<admin::proxy_statistic> statistics() const override;
  [[nodiscard]] std::vector<admin::proxy_thread> threads() const override;
  [[nodiscard]] std::vector<admin::memory_use> memory() const override;
  [[nodiscard]] std::vector<admin::proxy_fact> facts() const override;
  [[nodiscard]] std::vector<admin::proxy_backend> backends() const override;
  [[nodiscard]] std::optional<admin::found_backend> find_backend(std::string_view cluster,
                                                                 std::string_view backend) const override;
  std::optional<admin::backend_drain> set_drained(const admin::found_backend& which,
                                                  std::optional<admin::backend_drain> drain) override;

 private:
  gateway& shared_;
  std::span<const std::unique_ptr<worker>> workers_;
  const std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
  std::mutex changing_;  // one change at a time: each starts from the one before
};

}  // namespace sessiongate::proxy
