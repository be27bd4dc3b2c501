// docs/faults.md: made from the code, and every example in it is played.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "core/text.h"
#include "simulator/faults/effect_docs.h"
#include "simulator/faults/effect_kind.h"
#include "tests/unit/world/shelf.h"
#include "tests/unit/world/small_hub.h"

namespace drydock::simulator {
namespace {

TEST(FaultsDocument, NamesEveryEffectOnce) {
  for (const EffectKind& kind : EffectKinds()) {
    EXPECT_EQ(std::count_if(EffectDocs().begin(), EffectDocs().end(),
                            [&](const EffectDoc& doc) { return doc.effect == kind.name; }),
              1)
        << kind.name << ": needs a row in simulator/faults/effect_docs.cc";
  }
  EXPECT_EQ(EffectDocs().size(), EffectKinds().size());
}

bool AnswersNothing(const EffectDoc& doc) {
  return std::any_of(EffectKinds().begin(), EffectKinds().end(), [&](const EffectKind& kind) {
    return kind.name == doc.effect && kind.silent;
  });
}

TEST(FaultsDocument, EveryExampleOfARegistryLoadsAndFires) {
  for (const EffectDoc& doc : EffectDocs()) {
    if (!AnswersNothing(doc)) {
      continue;
    }
    auto rules = ParseFaultFile(doc.example, "example");
    ASSERT_TRUE(rules.ok()) << doc.effect << ": " << rules.error().message();
    SmallHub hub;
    ASSERT_TRUE(hub.faults().Add(std::move(*rules)).ok());
    hub.PutIndex("v1", SmallHub::Index("put"));
    EXPECT_NE(hub.NoteOf("v1"), "put") << doc.effect << " changed nothing";
    EXPECT_GT(hub.Count().fired, 0u) << doc.effect;
  }
}

class FaultExampleTest : public InternetTest {};

TEST_F(FaultExampleTest, EveryExampleLoadsAndFires) {
  for (const EffectDoc& doc : EffectDocs()) {
    if (AnswersNothing(doc)) {
      continue;  // a registry of its own: below
    }
    auto rules = ParseFaultFile(doc.example, "example");
    ASSERT_TRUE(rules.ok()) << doc.effect << ": " << rules.error().message();
    Start();
    ASSERT_TRUE(faults_->Add(std::move(*rules)).ok());
    site_.shelf["v1"] = "manifest";
    world_.Spawn("ci", [&] {
      for (const char* method : {"PUT", "GET"}) {
        auto answer = transport_->Send(Make(method, "/v1", "manifest"), kNoDeadline);
        if (answer) {
          static_cast<void>(ReadAll(answer->body, 1 << 20));
        }
      }
    });
    ASSERT_TRUE(world_.Run().ok());
    EXPECT_GT(Count().fired, 0u) << doc.effect;
    EXPECT_EQ(Count().seen, Count().fired) << doc.effect;
    EXPECT_EQ(Firings().back().effect.substr(0, doc.effect.size()),
              doc.effect == "commit" ? "reply " : doc.effect);
  }
}

TEST(FaultsDocument, IsInStepWithTheCode) {
  const std::string made = FaultsDocument();
  const std::string committed = Concat({DRYDOCK_SOURCE_DIR, "/docs/faults.md"});
  std::ifstream file(committed);
  if (std::string(std::istreambuf_iterator<char>(file), {}) == made) {
    return;
  }
  const std::string renewed = Concat({DRYDOCK_BINARY_DIR, "/faults.md"});
  std::ofstream(renewed) << made;
  FAIL() << "docs/faults.md is not what the code makes; to renew it:\n  cp " << renewed << " "
         << committed;
}

}  // namespace
}  // namespace drydock::simulator
