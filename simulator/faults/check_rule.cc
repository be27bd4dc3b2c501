// A rule that can never match is an error of whoever wrote it, and is found when it is read.
#include <algorithm>
#include <array>
#include <functional>

#include "core/text.h"
#include "simulator/faults/operations.h"
#include "simulator/faults/rule_reader.h"

namespace drydock::simulator::reading {
namespace {

using json::Source;
using json::Value;
using Facts = std::vector<const OperationFacts*>;

// Operations of sites that have no replicas begin with one of these.
constexpr std::array<std::string_view, 5> kOtherSites = {"token", "cdn.", "npm.", "hub.", "forge."};

bool OfRegistry(std::string_view operation) {
  return std::none_of(kOtherSites.begin(), kOtherSites.end(), [&](std::string_view site) {
    return operation.substr(0, site.size()) == site;
  });
}

// Keeps the operations that can have what a member asks for; says so when none is left.
class Narrowing {
 public:
  // `place` is the object whose members are checked.
  Narrowing(Source& source, const Value* place, std::string_view what,
            const ExchangePattern& pattern)
      : source_(source),
        place_(place),
        what_(what),
        left_(FittingOperations(pattern.operations, pattern.methods)) {
    if (left_.empty()) {
      Fail("method", "no operation it names is asked for by this method");
    }
    Check(pattern);
  }

  void Require(std::string_view key, std::string_view why,
               const std::function<bool(const OperationFacts&)>& can) {
    const bool before = !left_.empty();
    std::erase_if(left_, [&](const OperationFacts* operation) { return !can(*operation); });
    if (before && left_.empty()) {
      Fail(key, why);
    }
  }

  void RequireKeys(std::string_view key, const std::vector<Key>& keys) {
    for (const Key each : keys) {
      Require(key, Concat({"an exchange that matches has no ", Name(each)}),
              [each](const OperationFacts& operation) {
                return (each != Key::kRepository || operation.repository) &&
                       (each != Key::kReplica || OfRegistry(operation.name)) &&
                       (each != Key::kSession || operation.session) &&
                       (each != Key::kDigest || operation.digest) &&
                       (each != Key::kTag || operation.tag);
              });
    }
  }

 private:
  void Check(const ExchangePattern& pattern) {
    using Operation = OperationFacts;
    if (pattern.repository) {
      Require("repository", "an exchange that matches has no repository",
              [](const Operation& operation) { return operation.repository; });
    }
    if (pattern.replica) {
      Require("replica", "an exchange that matches is not with the registry",
              [](const Operation& operation) { return OfRegistry(operation.name); });
    }
    if (pattern.reference) {
      Require("reference", "an exchange that matches has no reference",
              [](const Operation& operation) { return operation.tag || operation.digest; });
    }
    if (pattern.reference_kind == ExchangePattern::ReferenceKind::kTag) {
      Require("reference-kind", "an exchange that matches is never about a tag",
              [](const Operation& operation) { return operation.tag; });
    }
    if (pattern.reference_kind == ExchangePattern::ReferenceKind::kDigest) {
      Require("reference-kind", "an exchange that matches is never about a digest",
              [](const Operation& operation) { return operation.digest; });
    }
  }

  void Fail(std::string_view key, std::string_view why) {
    const Value* member = place_ == nullptr ? nullptr : place_->Find(key);
    const std::size_t line = member != nullptr ? member->line() : place_ ? place_->line() : 0;
    source_.Fail(
        line, Concat({what_, ": \"", key, "\": can never match: ", why,
                      member == nullptr ? "" : ": ", member == nullptr ? "" : member->Excerpt()}));
  }

  Source& source_;
  const Value* place_;
  std::string_view what_;
  Facts left_;
};

bool Changes(const OperationFacts& operation) {
  return std::string_view(operation.methods).substr(0, 3) != "GET" && operation.methods != "HEAD";
}

void CheckBounds(const std::vector<Bound>& bounds, Narrowing& exchange) {
  using Quantity = Bound::Quantity;
  using Operation = OperationFacts;
  for (const Bound& bound : bounds) {
    if (bound.quantity == Quantity::kContentLength) {
      exchange.Require("size", "an exchange that matches has no request body",
                       [](const Operation& operation) { return operation.request_body; });
    } else if (bound.quantity == Quantity::kManifestBytes) {
      exchange.Require("size", "only a manifest.put has a manifest",
                       [](const Operation& operation) { return operation.name == "manifest.put"; });
    } else if (bound.quantity == Quantity::kBlobBytes) {
      exchange.Require("size", "an exchange that matches is about no blob",
                       [](const Operation& operation) {
                         return operation.name.substr(0, 4) == "blob" || operation.session;
                       });
    } else if (bound.quantity == Quantity::kSessionBytes ||
               bound.quantity == Quantity::kSessionAge) {
      exchange.Require(bound.quantity == Quantity::kSessionAge ? "age" : "size",
                       "an exchange that matches has no upload session",
                       [](const Operation& operation) { return operation.session; });
    }
  }
}

void CheckPhase(Source& source, const Value& when, const FaultRule& rule) {
  const auto fail = [&](std::string_view key, std::string_view why) {
    const Value* member = when.Find(key);
    source.Fail(member == nullptr ? when.line() : member->line(),
                Concat({"when: \"", key, "\": can never match: the rule acts at \"",
                        Name(rule.phase), "\", ", why}));
  };
  if (rule.when.exchange.status && rule.phase < Phase::kResponseHead) {
    fail("status", "before there is an answer");
  }
  if ((rule.phase == Phase::kRequestBody || rule.phase == Phase::kSessionBody) && rule.when.state) {
    fail("state", "while the registry goes on with others");
  }
  if (rule.phase < Phase::kDecide) {
    if (rule.when.role) {
      fail("role", "before the manifest is complete");
    }
    if (!rule.when.manifest.empty()) {
      fail("manifest", "before the manifest is complete");
    }
    for (const Bound& bound : rule.when.bounds) {
      if (bound.quantity == Bound::Quantity::kManifestBytes) {
        fail("size", "before the manifest is complete");
      }
    }
  }
}

}  // namespace

void CheckCanMatch(Source& source, const Value& value, const FaultRule& rule) {
  static const Value kEverything;
  const Value* when = value.Find("when");
  Narrowing exchange(source, when == nullptr ? &value : when, "when", rule.when.exchange);
  CheckPhase(source, when == nullptr ? kEverything : *when, rule);
  const auto put = [](const OperationFacts& operation) { return operation.name == "manifest.put"; };
  if (rule.when.role) {
    exchange.Require("role", "only a manifest.put has a role", put);
  }
  CheckBounds(rule.when.bounds, exchange);
  if (!rule.when.manifest.empty()) {
    exchange.Require("manifest", "only a manifest.put has a manifest", put);
  }
  if (rule.phase == Phase::kSessionBody) {
    exchange.Require("operation", "an exchange that matches brings no bytes of an upload session",
                     [](const OperationFacts& operation) {
                       return operation.session && operation.request_body;
                     });
  }
  if (rule.phase == Phase::kRequestBody) {
    exchange.Require("operation", "an exchange that matches has no request body",
                     [](const OperationFacts& operation) { return operation.request_body; });
  }
  if (rule.phase == Phase::kResponseBody) {
    exchange.Require("operation", "an exchange that matches has no response body",
                     [](const OperationFacts& operation) { return operation.response_body; });
  }
  if (rule.commit.mode != Commit::Mode::kAsPhase) {
    exchange.Require("operation", "\"commit\" is about work, and a read does none", Changes);
  }
  exchange.RequireKeys("times", rule.times.per);
  if (rule.when.since) {
    const Since& since = *rule.when.since;
    exchange.RequireKeys("since", since.same);
    Narrowing event(source, when->Find("since"), "since", since.event);
    event.RequireKeys("same", since.same);
  }
}

}  // namespace drydock::simulator::reading
