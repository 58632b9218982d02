// One thing that the proxy counts, with its samples, and how it is written: as lines of Prometheus' text format, and as
// statistics for those who know no histograms.
#pragma once

#include "proxy/duration_histogram.hpp"

#include "admin/proxy_view.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::proxy {

struct metric {
  struct sample {
    std::string labels;  // `{reason="killed"}`; empty: none
    std::uint64_t value = 0;
  };
  struct distribution {  // the sample of a histogram
    std::string label;   // `command="query"`; empty: none
    std::array<std::uint64_t, duration_histogram::bucket_count> buckets{};
    std::chrono::nanoseconds sum{0};
  };
  std::string_view name;  // without the prefix `sessiongate_`
  std::string_view kind;  // counter, gauge or histogram
  std::string_view help;
  std::vector<sample> samples;
  std::vector<distribution> distributions{};
};

/// One sample without labels.
metric single(std::string_view name, std::string_view kind, std::string_view help, std::uint64_t value);

/// As the text of a label's value.
std::string escape_label(std::string_view value);

/// One thread counts there meanwhile.
void add(metric::distribution& to, const duration_histogram& counted);

/// Appends its lines, with HELP and TYPE.
void write(std::string& page, const metric& what);

/// A histogram as samples, for those who know no histograms: each bucket has what took no longer than its limit `le`;
/// the sum is in whole microseconds.
std::vector<admin::proxy_statistic> flatten(const metric& histogram);

}  // namespace sessiongate::proxy
