#include "publisher/hash/read_ahead.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace drydock::publisher {
namespace {

using ::testing::Each;

constexpr std::size_t kInputs = 12;

// Literal inputs, each large enough to be a part of its own; the newest is the one that changed.
class TwelveInputs : public InputSource {
 public:
  explicit TwelveInputs(bool changed) : changed_(changed) {}

  Result<bool> Next(Input& input) override {
    input.kind = Input::Kind::kLine;
    input.text = std::to_string(next_);
    return next_++ < kInputs;
  }
  std::vector<std::string> TakeSkipped() override { return {}; }
  Result<std::optional<FileStamp>> Read(const Input& input, ByteSink& sink,
                                        std::vector<std::string>&) override {
    if (Status poured = Pour(input.text, sink); !poured) {
      return poured.error();
    }
    return LookAt(input);
  }
  std::optional<FileStamp> LookAt(const Input& input) override {
    FileStamp stamp;
    stamp.size = PartBuilder::kPartBytes;
    stamp.inode = changed_ && input.text == std::to_string(kInputs - 1) ? 1 : 0;
    return stamp;
  }

 private:
  bool changed_;
  std::size_t next_ = 0;
};

// Whether each part was delivered as unchanged.
std::vector<bool> Deliveries(const std::vector<Part>* known, bool changed,
                             std::vector<Part>* parts) {
  TwelveInputs source(changed);
  ReadAhead reading(source, {.readers = 4, .readers_cpu = 4, .readers_io = 4, .known = known});
  ReadAhead::Delivery delivery;
  std::vector<bool> unchanged;
  while (*reading.Next(delivery)) {
    unchanged.push_back(delivery.unchanged);
    if (parts != nullptr) {
      parts->push_back(delivery.part);
    }
  }
  return unchanged;
}

// A reader that finds its part changed once made the others, still busy with parts before it, read
// theirs as well.
TEST(ReadAheadTest, AChangeDoesNotMakeEarlierPartsCount) {
  std::vector<Part> known;
  Deliveries(nullptr, false, &known);
  ASSERT_EQ(known.size(), kInputs);
  for (int turn = 0; turn < 2000; ++turn) {
    std::vector<bool> unchanged = Deliveries(&known, true, nullptr);
    ASSERT_EQ(unchanged.size(), kInputs);
    EXPECT_FALSE(unchanged.back());
    unchanged.pop_back();
    ASSERT_THAT(unchanged, Each(true)) << "turn " << turn;
  }
}

}  // namespace
}  // namespace drydock::publisher
