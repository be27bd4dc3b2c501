// The run journal as a new process finds it.
#include "publisher/push/run_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "core/text.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/publisher/scripted_transport.h"

namespace drydock::publisher {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kRepository = "joakimp/app";
const Digest kOne = Digest::Of("one");
const Digest kTwo = Digest::Of("two");

class RunJournalTest : public ::testing::Test {
 protected:
  std::unique_ptr<RunJournal> Open() {
    auto journal = RunJournal::Open(clock_, path_);
    EXPECT_TRUE(journal) << journal.error().message();
    return journal ? std::move(*journal) : nullptr;
  }

  testing::TempFolder folder_;
  std::string path_ = folder_.At("deep/run.jsonl");
  FakeClock clock_;
};

TEST_F(RunJournalTest, RemembersTheNewestOfEachUploadUntilItEnds) {
  {
    const auto journal = Open();
    ASSERT_TRUE(journal->NoteStep(kRepository, "blobs", "2"));
    ASSERT_TRUE(journal->NoteUpload(kRepository, kOne, {"https://r/u1?_state=a", 0}));
    ASSERT_TRUE(journal->NoteUpload(kRepository, kTwo, {"https://r/u2", 5}));
    ASSERT_TRUE(journal->NoteUpload(kRepository, kOne, {"https://r/u1?_state=b", 7}));
    ASSERT_TRUE(journal->DropUpload(kRepository, kTwo, "stored"));
  }
  const auto journal = Open();
  EXPECT_EQ(journal->FindUpload(kRepository, kOne), (UploadRecord{"https://r/u1?_state=b", 7}));
  EXPECT_EQ(journal->FindUpload(kRepository, kTwo), std::nullopt);
  EXPECT_EQ(journal->FindUpload("other/app", kOne), std::nullopt);
  const std::string text = testing::ReadFile(path_);
  EXPECT_THAT(text, HasSubstr(R"("event":"step","repository":"joakimp/app","step":"blobs")"));
  struct stat facts {};
  ASSERT_EQ(stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

TEST_F(RunJournalTest, PassesOverATornLineAndGoesOnBehindIt) {
  ASSERT_TRUE(Open()->NoteUpload(kRepository, kOne, {"https://r/u1", 7}));
  const std::string whole = testing::ReadFile(path_);
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    folder_.Write("deep/run.jsonl", whole + whole.substr(0, cut));
    {
      const auto journal = Open();
      ASSERT_EQ(journal->FindUpload(kRepository, kOne), (UploadRecord{"https://r/u1", 7}));
      ASSERT_TRUE(journal->NoteUpload(kRepository, kTwo, {"https://r/u2", 1}));
    }
    ASSERT_EQ(Open()->FindUpload(kRepository, kTwo), (UploadRecord{"https://r/u2", 1})) << cut;
  }
}

TEST_F(RunJournalTest, RefusesWhatIsNone) {
  folder_.Write("deep/run.jsonl", "{\"a\": 1}\n{\"b\": 2}\n");
  const auto journal = RunJournal::Open(clock_, path_);
  ASSERT_FALSE(journal);
  EXPECT_THAT(journal.error().message(), HasSubstr("is no run journal"));
  EXPECT_FALSE(RunJournal::Open(clock_, folder_.path().string()));
}

}  // namespace
}  // namespace drydock::publisher
