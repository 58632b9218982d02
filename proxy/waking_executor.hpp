// The executor of a thread that does not sleep in its io_context: what it is given goes to that, and the thread's bell
// rings. Asio itself would wake a thread only where it sleeps itself.
#pragma once

#include "proxy/doorbell.hpp"

#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>

#include <utility>

namespace sessiongate::proxy {

/// `Inner` is the io_context's executor, with any of its properties.
template <class Inner>
class waking_executor {
 public:
  waking_executor(Inner inner, doorbell& bell) noexcept : inner_(std::move(inner)), bell_(&bell) {}

  template <class Function>
  void execute(Function&& function) const {
    inner_.execute(std::forward<Function>(function));
    bell_->ring();
  }

  template <class Property>
    requires boost::asio::can_query<const Inner&, Property>::value
  [[nodiscard]] decltype(auto) query(const Property& property) const {
    return boost::asio::query(inner_, property);
  }
  template <class Property>
    requires boost::asio::can_require<const Inner&, Property>::value
  [[nodiscard]] auto require(const Property& property) const {
    return waking_executor<decltype(boost::asio::require(inner_, property))>(boost::asio::require(inner_, property),
                                                                             *bell_);
  }
  template <class Property>
    requires boost::asio::can_prefer<const Inner&, Property>::value
  [[nodiscard]] auto prefer(const Property& property) const {
    return waking_executor<std::decay_t<decltype(boost::asio::prefer(inner_, property))>>(
        boost::asio::prefer(inner_, property), *bell_);
  }

  friend bool operator==(const waking_executor& left, const waking_executor& right) noexcept {
    return left.inner_ == right.inner_;
  }
  friend bool operator!=(const waking_executor& left, const waking_executor& right) noexcept {
    return !(left == right);
  }

 private:
  Inner inner_;
  doorbell* bell_;
};

}  // namespace sessiongate::proxy
