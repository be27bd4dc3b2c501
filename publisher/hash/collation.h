// Orders of paths in the locales of this machine, as `sort -z` gives them outside LC_ALL=C.
// Threads: values; locales are looked up anew each time. Source: strcoll(3), GNU sort(1).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace drydock::publisher {

struct LocaleOrders {
  struct Order {
    std::vector<std::string> locales;  // that give it
    std::vector<std::size_t> places;   // of the given paths, in that order
  };
  std::vector<Order> orders;         // each different from byte order, and from one another
  std::vector<std::string> missing;  // names that are not compiled on this machine
  std::size_t compiled = 0;          // names that are
};

// `paths` in byte order. Tries `first`, then what lies in the system's locale folder and common
// names.
LocaleOrders OrdersOf(const std::vector<std::string>& paths, const std::vector<std::string>& first);

}  // namespace drydock::publisher
