#include "proxy/metric.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace sessiongate::proxy {

namespace {

std::string in_braces(std::string_view label) {
  return label.empty() ? std::string() : fmt::format("{{{}}}", label);
}

/// The buckets of a histogram, each with those before it, and the count of all.
std::vector<admin::proxy_statistic> count_up(std::string_view name, const metric::distribution& counted) {
  std::vector<admin::proxy_statistic> all;
  std::uint64_t count = 0;
  for (std::size_t at = 0; at < counted.buckets.size(); ++at) {
    count += counted.buckets[at];
    const auto limit = at < duration_histogram::limits.size() ? duration_histogram::limits[at] : "+Inf";
    all.push_back(
        {fmt::format("{}_bucket{{{}{}le=\"{}\"}}", name, counted.label, counted.label.empty() ? "" : ",", limit),
         count});
  }
  all.push_back({fmt::format("{}_count{}", name, in_braces(counted.label)), count});
  return all;
}

}  // namespace

metric single(std::string_view name, std::string_view kind, std::string_view help, std::uint64_t value) {
  return {name, kind, help, {{{}, value}}};
}

std::string escape_label(std::string_view value) {
  std::string text;
  for (const char each : value) {
    if (each == '\\' || each == '"') text += '\\';
    text += each == '\n' ? ' ' : each;
  }
  return text;
}

void add(metric::distribution& to, const duration_histogram& counted) {
  for (std::size_t at = 0; at < to.buckets.size(); ++at) to.buckets[at] += counted.bucket(at);
  to.sum += session::to_duration(counted.sum());
}

void write(std::string& page, const metric& what) {
  auto out = std::back_inserter(page);
  fmt::format_to(out, "# HELP sessiongate_{0} {1}\n# TYPE sessiongate_{0} {2}\n", what.name, what.help, what.kind);
  for (const auto& sample : what.samples) {
    fmt::format_to(out, "sessiongate_{}{} {}\n", what.name, sample.labels, sample.value);
  }
  for (const auto& spread : what.distributions) {
    for (const auto& sample : count_up(what.name, spread)) {
      fmt::format_to(out, "sessiongate_{} {}\n", sample.name, sample.value);
    }
    const auto sum = std::chrono::duration<double>(spread.sum).count();
    fmt::format_to(out, "sessiongate_{}_sum{} {:.6f}\n", what.name, in_braces(spread.label), sum);
  }
}

std::vector<admin::proxy_statistic> flatten(const metric& histogram) {
  std::vector<admin::proxy_statistic> all;
  for (const auto& each : histogram.distributions) {
    for (auto& sample : count_up(histogram.name, each)) all.push_back(std::move(sample));
    const auto unit = histogram.name.rfind("seconds");
    const auto sum = std::chrono::duration_cast<std::chrono::microseconds>(each.sum).count();
    all.push_back({fmt::format("{}microseconds_sum{}", histogram.name.substr(0, unit), in_braces(each.label)),
                   static_cast<std::uint64_t>(sum)});
  }
  return all;
}

}  // namespace sessiongate::proxy
