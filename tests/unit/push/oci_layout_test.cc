// Reading image layouts: what is taken, in which order, and what is complained of.
#include "publisher/push/oci_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/text.h"
#include "tests/unit/push/push_bench.h"

namespace drydock::publisher {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class LayoutTest : public ::testing::Test {
 protected:
  std::string Complaint(std::string_view name = "") const {
    const auto image = ReadLayoutImage(layout_.folder, name);
    return image ? "none" : image.error().message();
  }
  std::string BlobPath(const Digest& digest) const {
    return Concat({"l/blobs/sha256/", digest.hex()});
  }

  testing::TempFolder folder_;
  LayoutMade layout_ = MakeLayout(folder_, "l", {{100, 50}, {200, 50}});
};

TEST_F(LayoutTest, GivesChildrenFirstAndEachBlobOnce) {
  for (const std::string& name : {std::string(), std::string("v1"), layout_.top.ToString()}) {
    const auto image = ReadLayoutImage(layout_.folder, name);
    ASSERT_TRUE(image) << image.error().message();
    EXPECT_THAT(image->manifests, SizeIs(3));
    EXPECT_EQ(image->top().digest, layout_.top);
    EXPECT_THAT(image->blobs, SizeIs(6));
    EXPECT_THAT(image->parts, SizeIs(2));
    EXPECT_EQ(image->FindBlob(layout_.layers[2])->size, 200U);
  }
}

TEST_F(LayoutTest, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(Complaint("v2"), HasSubstr("no image named v2 (expected one of: v1)"));
  const std::string layer = BlobPath(layout_.layers[0]);
  folder_.Write(layer, "shorter");
  EXPECT_THAT(Complaint(), HasSubstr("7 bytes, its descriptor says 100"));
  std::filesystem::remove(folder_.At(layer));
  EXPECT_THAT(Complaint(), HasSubstr(Concat({layer, ": cannot be read"})));
  folder_.Write(BlobPath(layout_.top), "{}");
  EXPECT_THAT(Complaint(), HasSubstr("is not what its descriptor says"));
  folder_.Write("l/index.json", "{");
  EXPECT_THAT(Complaint(), HasSubstr("l/index.json:1"));
  folder_.Write("l/index.json", R"({"manifests": []})");
  EXPECT_THAT(Complaint(), HasSubstr("no manifests"));
  std::filesystem::remove(folder_.At("l/index.json"));
  EXPECT_THAT(Complaint(), HasSubstr("l/index.json: cannot be read"));
}

TEST_F(LayoutTest, AsksForANameWhenThereAreSeveralImages) {
  const std::string one = testing::ReadFile(folder_.At("l/index.json"));
  const std::size_t start = one.find('[') + 1;
  const std::string entry = one.substr(start, one.rfind(']') - start);
  folder_.Write("l/index.json", Concat({R"({"manifests":[)", entry, ",",
                                        ReplaceAll(entry, "\"v1\"", "\"v2\""), "]}"}));
  EXPECT_THAT(Complaint(), HasSubstr("more than one image (expected one of: v1, v2)"));
  EXPECT_EQ(Complaint("v2"), "none");
}

}  // namespace
}  // namespace drydock::publisher
