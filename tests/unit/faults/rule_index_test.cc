#include "simulator/faults/rule_index.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "simulator/faults/match.h"
#include "tests/unit/faults/seen.h"

namespace drydock::simulator {
namespace {

TEST(RuleIndex, FindsWhatItsLiteralsAllow) {
  RuleIndex index;
  const auto pattern = [](std::vector<std::string> operations, const char* repository,
                          const char* reference) {
    ExchangePattern made;
    made.operations = std::move(operations);
    made.repository = repository == nullptr ? std::nullopt : std::optional<std::string>(repository);
    made.reference = reference == nullptr ? std::nullopt : std::optional<std::string>(reference);
    return made;
  };
  index.Add(pattern({"manifest.get"}, "a/b", nullptr), 0);
  index.Add(pattern({"manifest.*"}, "a/*", nullptr), 1);
  index.Add(pattern({}, nullptr, "v1"), 2);
  index.Add(pattern({}, nullptr, "v?"), 3);
  index.Add(pattern({"blob.get", "blob.head"}, nullptr, nullptr), 4);
  using Numbers = std::vector<std::size_t>;
  EXPECT_EQ(index.Find({"manifest.get", "a/b", "v1", ""}), (Numbers{0, 1, 2, 3}));
  EXPECT_EQ(index.Find({"manifest.get", "a/c", "v2", ""}), (Numbers{1, 3}));
  EXPECT_EQ(index.Find({"blob.head", "a/c", "", ""}), (Numbers{3, 4}));
  EXPECT_EQ(index.Find({"ping", "", "", ""}), (Numbers{3}));
  EXPECT_EQ(index.Find({"no such operation", "", "", ""}), (Numbers{1, 3, 4}));
  EXPECT_TRUE(RuleIndex().Find({"ping", "", "", ""}).empty());
}

// Whatever fits is found.
RC_GTEST_PROP(RuleIndex, PassesNothingByThatFits, ()) {
  const auto among = [](std::vector<std::string> texts) {
    return *rc::gen::elementOf(std::move(texts));
  };
  const auto maybe = [&](std::vector<std::string> texts) {
    return *rc::gen::arbitrary<bool>() ? std::optional(among(std::move(texts))) : std::nullopt;
  };
  const std::vector<std::string> repositories = {"", "a/b", "a/c", "a/*", "*"};
  const std::vector<std::string> references = {"", "v1", "v2", "v?", "*"};
  const std::vector<std::string> operations = {
      "", "manifest.get", "manifest.put", "manifest.*", "blob.get", "*", "none of ours"};
  RuleIndex index;
  std::vector<ExchangePattern> patterns(*rc::gen::inRange<std::size_t>(0, 12));
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    patterns[i].repository = maybe(repositories);
    patterns[i].reference = maybe(references);
    if (const auto operation = maybe(operations)) {
      patterns[i].operations = {*operation, among(operations)};
    }
    index.Add(patterns[i], i);
  }
  Seen seen;
  seen.route = {among(operations), among(repositories), among(references), ""};
  const std::vector<std::size_t> found = index.Find(seen.route);
  RC_ASSERT(std::is_sorted(found.begin(), found.end()));
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    const bool fits = seen.With([&](const Sight& sight) { return Fits(patterns[i], sight); });
    RC_ASSERT(!fits || std::count(found.begin(), found.end(), i) == 1);
  }
}

}  // namespace
}  // namespace drydock::simulator
