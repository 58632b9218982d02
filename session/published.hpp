// One value that its owner replaces and other threads read. Readers get a snapshot that stays valid for as long as they
// hold it; the lock is held for the copy of a pointer only, so neither side waits for the other's work.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace sessiongate::session {

template <class T>
class published {
 public:
  explicit published(T initial) : value_(std::make_shared<const T>(std::move(initial))) {}
  /// A value that several share.
  explicit published(std::shared_ptr<const T> initial) : value_(std::move(initial)) {}

  [[nodiscard]] std::shared_ptr<const T> load() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

  void store(T next) { store(std::make_shared<const T>(std::move(next))); }
  void store(std::shared_ptr<const T> fresh) {
    const std::lock_guard lock(mutex_);
    value_.swap(fresh);  // the old value dies after the lock is gone, unless a reader still holds it
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

}  // namespace sessiongate::session
