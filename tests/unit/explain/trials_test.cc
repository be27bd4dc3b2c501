// Hashing from checkpoints gives what hashing from nothing gives.
#include "publisher/hash/trials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "core/rng.h"
#include "tests/support/temp_folder.h"

namespace drydock::publisher {
namespace {

std::string Pad(std::size_t number) {
  std::string text = std::to_string(number);
  return std::string(4 - text.size(), '0') + text;
}

// A tree of files with the given sizes, in order.
class SizedTree {
 public:
  explicit SizedTree(const std::vector<std::uint16_t>& sizes) {
    for (std::size_t at = 0; at < sizes.size(); ++at) {
      contents_.push_back(std::string(sizes[at] % 300, static_cast<char>('a' + at % 26)));
      folder_.Write("rootfs/" + Pad(at), contents_.back());
    }
    recipe_.inputs.emplace_back(TreeInput{"rootfs", {}, {}});
  }

  InputList List() const {
    auto list = InputList::Make({folder_.path().string(), "", ""}, recipe_);
    EXPECT_TRUE(list.ok());
    return *std::move(list);
  }
  Digest Without(std::size_t one, std::size_t other) const {
    std::string all;
    for (std::size_t at = 0; at < contents_.size(); ++at) {
      all += at == one || at == other ? "" : contents_[at];
    }
    return Digest::Of(all);
  }

 private:
  testing::TempFolder folder_;
  Recipe recipe_;
  std::vector<std::string> contents_;
};

RC_GTEST_PROP(TrialsTest, LeavingOutOneOrTwoFromCheckpoints, ()) {
  const auto count = *rc::gen::inRange<std::size_t>(2, 12);
  const auto sizes =
      *rc::gen::container<std::vector<std::uint16_t>>(count, rc::gen::arbitrary<std::uint16_t>());
  const SizedTree tree(sizes);
  const InputList list = tree.List();
  std::uint64_t hashed = 0;
  auto trials = Trials::Make(list, hashed);
  RC_ASSERT(trials.ok());
  for (std::size_t one = 0; one < count; ++one) {
    RC_ASSERT(*trials->WithoutOne(one) == tree.Without(one, one));
    std::vector<std::size_t> others;
    for (std::size_t at = one + 1; at < count; ++at) {
      others.push_back(at);
    }
    const Status done =
        trials->WithoutTwo(one, others, [&](std::size_t other, const Digest& digest) {
          RC_ASSERT(digest == tree.Without(one, other));
          return true;
        });
    RC_ASSERT(done.ok());
  }
  Sequence shuffled = trials->BaseSequence();
  std::reverse(shuffled.begin() + 1, shuffled.end());
  RC_ASSERT(*trials->Hash(shuffled) == *trials->Prove(shuffled));
}

TEST(TrialsTest, ATrialCostsWhatComesAfterItsFirstDifference) {
  const SizedTree tree({200, 200, 200, 200});
  const InputList list = tree.List();
  std::uint64_t hashed = 0;
  auto trials = Trials::Make(list, hashed);
  ASSERT_TRUE(trials.ok());
  EXPECT_EQ(hashed, 800U);
  ASSERT_TRUE(trials->WithoutOne(2).ok());
  EXPECT_EQ(hashed, 1000U);
  Sequence sequence = trials->BaseSequence();
  sequence[3].edit = Edit::kWithNewline;
  ASSERT_TRUE(trials->Hash(sequence).ok());
  EXPECT_EQ(hashed, 1201U);
}

TEST(TrialsTest, AFileThatChangedSinceTheListWasMade) {
  const testing::TempFolder folder;
  folder.Write("rootfs/a", "one\n");
  Recipe recipe;
  recipe.inputs.emplace_back(TreeInput{"rootfs", {}, {}});
  auto list = InputList::Make({folder.path().string(), "", ""}, recipe);
  ASSERT_TRUE(list.ok());
  std::uint64_t hashed = 0;
  auto trials = Trials::Make(*list, hashed);
  folder.Write("rootfs/a", "other\n");
  EXPECT_EQ(trials->Prove(trials->BaseSequence()).error().code(), ErrorCode::kConflict);
}

struct EditCase {
  Edit edit;
  std::string content;
  std::optional<std::string> edited;
};

TEST(EditedTest, Table) {
  const std::string binary("a\0\n", 3);
  const EditCase cases[] = {
      {Edit::kAsIs, "a\n", std::nullopt},
      {Edit::kCrlf, "a\nb\r\n", "a\r\nb\r\n"},
      {Edit::kCrlf, "a", std::nullopt},
      {Edit::kCrlf, binary, std::nullopt},
      {Edit::kAutoCrlf, "a\n", "a\r\n"},
      {Edit::kAutoCrlf, "a\nb\r\n", std::nullopt},
      {Edit::kLf, "a\r\nb\n", "a\nb\n"},
      {Edit::kLf, "a\n", std::nullopt},
      {Edit::kWithBom, "a",
       "\xEF\xBB\xBF"
       "a"},
      {Edit::kWithBom,
       "\xEF\xBB\xBF"
       "a",
       std::nullopt},
      {Edit::kWithoutBom,
       "\xEF\xBB\xBF"
       "a",
       "a"},
      {Edit::kWithoutBom, "a", std::nullopt},
      {Edit::kWithNewline, "", "\n"},
      {Edit::kWithNewline, "a\n", "a\n\n"},
      {Edit::kWithoutNewline, "a\n", "a"},
      {Edit::kWithoutNewline, "a", std::nullopt},
  };
  for (const EditCase& wanted : cases) {
    EXPECT_EQ(Edited(wanted.edit, wanted.content), wanted.edited)
        << Name(wanted.edit) << " of " << ::testing::PrintToString(wanted.content);
  }
}

}  // namespace
}  // namespace drydock::publisher
