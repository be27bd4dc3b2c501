// Which of many patterns may be about an exchange, found by what they say literally: a pattern for
// another repository, reference or operation is not even looked at. A pattern that is found may
// still not fit.
// Threads: a value; Find from any number of threads.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "simulator/exchange.h"
#include "simulator/faults/rule.h"

namespace drydock::simulator {

class RuleIndex {
 public:
  // `number` is what Find gives for the pattern; numbers must grow from call to call.
  void Add(const ExchangePattern& pattern, std::size_t number);
  // In ascending order.
  std::vector<std::size_t> Find(const Route& route) const;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using Numbers = std::vector<std::size_t>;
  using ByText = std::unordered_map<std::string, Numbers, TextHash, std::equal_to<>>;

  // Each number is in one of these, or under each of its operations.
  ByText by_repository_;
  ByText by_reference_;
  ByText by_operation_;  // once there are any, has every known operation
  Numbers for_any_;
  Numbers with_operations_;  // all that are in by_operation_, for operations nobody knows
};

}  // namespace drydock::simulator
