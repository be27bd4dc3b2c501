// The effects that change how a registry treats an exchange. Threads: pure functions. Source:
// incidents.md 9.2 (P11, P12, P13, P15).
#include <algorithm>
#include <utility>

#include "core/text.h"
#include "simulator/faults/operations.h"
#include "simulator/faults/rule_reader.h"
#include "simulator/registry/traits.h"

namespace drydock::simulator::reading {
namespace {

using json::ObjectReader;
using json::Source;
using json::Value;

// Which replica there is was settled before a rule is asked.
bool IsSettled(std::string_view trait) { return trait == "replicas" || trait == "routing"; }

}  // namespace

void KeepOperations(Source& source, const Value& place, std::string_view about,
                    const std::vector<std::string>& globs, FaultRule& rule) {
  ExchangePattern& pattern = rule.when.exchange;
  std::vector<std::string> kept;
  for (const OperationFacts* operation : FittingOperations(pattern.operations, pattern.methods)) {
    if (std::any_of(globs.begin(), globs.end(),
                    [&](const std::string& glob) { return GlobMatches(glob, operation->name); })) {
      kept.emplace_back(operation->name);
    }
  }
  if (kept.empty()) {
    source.Fail(place.line(), Concat({about, ": can never match: it is about ", Join(globs, ", "),
                                      ", and \"when\" is not"}));
    return;
  }
  pattern.operations = std::move(kept);
}

void ReadPolicy(Source& source, const Value& value, FaultRule& rule) {
  Policy policy{ReadTraits(source, value, "policy")};
  std::vector<std::string> operations;
  for (const auto& [name, text] : policy.traits) {
    if (IsSettled(name)) {
      source.Fail(value.line(), Concat({"policy: trait ", name,
                                        ": is settled before rules are asked (set it for the "
                                        "whole registry)"}));
      return;
    }
    for (std::string& operation : OperationsOf(*FindTrait(name))) {
      operations.push_back(std::move(operation));
    }
  }
  if (!operations.empty()) {
    KeepOperations(source, value, "policy", operations, rule);
  }
  rule.answer = std::move(policy);
}

void ReadReadView(Source& source, const Value& value, FaultRule& rule) {
  ReadView view;
  ObjectReader reader(source, value, "read-view");
  const auto span = [&reader](std::string_view key, std::optional<Duration>& into) {
    Duration read{};
    if (!reader.Read(key, read)) {
      return false;
    }
    into = read;
    if (read <= Duration::zero()) {
      reader.Fail(key, "expected more than 0");
    }
    return true;
  };
  int ways = span("lag", view.lag) ? 1 : 0;
  ways += span("replication", view.replication) ? 1 : 0;
  ways += reader.Read("previous", view.previous) && view.previous ? 1 : 0;
  const bool misses = span("miss-cache", view.miss_cache);
  const bool hits = span("hit-cache", view.hit_cache);
  ways += misses || hits ? 1 : 0;
  if (reader.Read("per-accept", view.cache_per_accept) && !misses && !hits) {
    reader.Fail("per-accept", "needs a \"miss-cache\" or \"hit-cache\" beside it");
  }
  std::uint64_t bytes = 0;
  const bool truncates = reader.Read("truncate", bytes);
  if (truncates) {
    view.truncate = bytes;
  }
  reader.Finish();
  if (ways > 1 || (ways == 0 && !truncates)) {
    reader.Fail("", R"(expected one of "lag", "replication", "previous", "miss-cache" and )"
                    R"("hit-cache", or "truncate")");
  }
  std::vector<std::string> operations = {"manifest.head", "manifest.get", "blob.head", "blob.get"};
  if (ways > 0) {
    for (const char* operation :
         {"tags.list", "referrers", "catalog", "manifest.put", "upload.mount"}) {
      operations.emplace_back(operation);
    }
  }
  KeepOperations(source, value, "read-view", operations, rule);
  rule.answer = std::move(view);
}

}  // namespace drydock::simulator::reading
