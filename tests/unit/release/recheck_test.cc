// What a recheck concludes from how the builder ends, and what it asks of it.
#include "publisher/release/recheck.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "core/text.h"
#include "tests/support/temp_folder.h"

namespace drydock::publisher {
namespace {

using ::testing::HasSubstr;

constexpr char kCacheRejected[] =
    "#13 exporting cache to registry\n"
    "#13 writing config sha256:87f4\n"
    "#13 ERROR: error writing config blob: failed commit on ref \"sha256:87f4\": unexpected status "
    "from PUT request to https://registry-1.docker.io/v2/a/b/blobs/uploads/u?digest=sha256%3A87f4: "
    "400 Bad Request\n"
    "ERROR: failed to solve: error writing config blob: failed commit on ref \"sha256:87f4\": "
    "unexpected status from PUT request to https://registry-1.docker.io/v2/a/b/blobs/uploads/"
    "u?digest=sha256%3A87f4: 400 Bad Request\n";
constexpr char kBusy[] =
    "ERROR: failed to solve: failed to push a/b:x: unexpected status from PUT request to "
    "https://registry-1.docker.io/v2/a/b/blobs/uploads/u: 503 Service Unavailable\n";

class EndingBuilder : public Builder {
 public:
  explicit EndingBuilder(BuildOutcome outcome) : outcome_(std::move(outcome)) {}
  std::string Describe() override { return "docker buildx 0.13.1"; }
  Result<BuildOutcome> Build(const BuildRequest& request) override {
    asked = request;
    return outcome_;
  }
  BuildRequest asked;

 private:
  BuildOutcome outcome_;
};

struct RecheckRow {
  std::string name;
  int exit_code;
  std::string log;
  std::string regression;
};
void PrintTo(const RecheckRow& row, std::ostream* out) { *out << row.name; }

class RecheckTest : public ::testing::TestWithParam<RecheckRow> {};

TEST_P(RecheckTest, ConcludesFromHowTheBuilderEnds) {
  const testing::TempFolder folder;
  EndingBuilder builder({GetParam().exit_code, GetParam().log, std::nullopt});
  const auto report = Recheck(
      builder, {*ImageReference::Parse("a/b"), {"linux/amd64"}, "s1", folder.path().string()});
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(Name(report->verdict), GetParam().regression) << report->why;
  EXPECT_THAT(ToText(*report), HasSubstr("a/b:drydock-recheck-s1-cache"));
  EXPECT_THAT(ToJson(*report), HasSubstr(Concat({"\"regression\": \"", GetParam().regression})));
  EXPECT_EQ(builder.asked.tags.front().ToString(), "a/b:drydock-recheck-s1");
  EXPECT_THAT(builder.asked.cache_to,
              ::testing::ElementsAre("type=registry,ref=a/b:drydock-recheck-s1-cache,mode=max"));
  EXPECT_THAT(*ReadWholeFile(folder.path().string() + "/Dockerfile"), HasSubstr("COPY stamp"));
}

INSTANTIATE_TEST_SUITE_P(Rows, RecheckTest,
                         ::testing::Values(RecheckRow{"taken", 0, "", "gone"},
                                           RecheckRow{"rejected", 1, kCacheRejected, "still there"},
                                           RecheckRow{"busy", 1, kBusy, "not known"},
                                           RecheckRow{"no_reason", 1, "boom\n", "not known"}),
                         [](const auto& row) { return row.param.name; });

TEST(RecheckFolder, ThatCannotBeWrittenIsSaidSo) {
  EndingBuilder builder({});
  EXPECT_EQ(Recheck(builder, {*ImageReference::Parse("a/b"), {}, "s", "/no/such"}).error().code(),
            ErrorCode::kInvalid);
}

}  // namespace
}  // namespace drydock::publisher
