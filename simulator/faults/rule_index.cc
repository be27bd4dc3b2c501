#include "simulator/faults/rule_index.h"

#include <algorithm>

#include "simulator/faults/operations.h"

namespace drydock::simulator {
namespace {

bool IsLiteral(const std::optional<std::string>& glob) {
  return glob && glob->find_first_of("*?") == std::string::npos;
}

}  // namespace

void RuleIndex::Add(const ExchangePattern& pattern, std::size_t number) {
  if (IsLiteral(pattern.repository)) {
    by_repository_[*pattern.repository].push_back(number);
  } else if (IsLiteral(pattern.reference)) {
    by_reference_[*pattern.reference].push_back(number);
  } else if (!pattern.operations.empty()) {
    if (by_operation_.empty()) {
      for (const OperationFacts& operation : AllOperations()) {
        by_operation_.try_emplace(std::string(operation.name));
      }
    }
    for (const OperationFacts* operation : FittingOperations(pattern.operations, {})) {
      by_operation_.find(operation->name)->second.push_back(number);
    }
    with_operations_.push_back(number);
  } else {
    for_any_.push_back(number);
  }
}

std::vector<std::size_t> RuleIndex::Find(const Route& route) const {
  Numbers found = for_any_;
  const auto add = [&found](const Numbers& numbers) {
    found.insert(found.end(), numbers.begin(), numbers.end());
  };
  const auto add_from = [&add](const ByText& numbers, std::string_view text) {
    const auto at = numbers.empty() ? numbers.end() : numbers.find(text);
    if (at != numbers.end()) {
      add(at->second);
    }
  };
  add_from(by_repository_, route.repository);
  add_from(by_reference_, route.reference);
  if (!with_operations_.empty()) {
    const auto known = by_operation_.find(route.operation);
    add(known == by_operation_.end() ? with_operations_ : known->second);
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace drydock::simulator
