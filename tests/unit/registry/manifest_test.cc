#include "simulator/registry/manifest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/media_type.h"
#include "tests/unit/registry/bench.h"

namespace drydock::simulator {
namespace {

struct AcceptRow {
  std::vector<std::string> accept;
  bool accepts;
};

const std::vector<AcceptRow> kAcceptRows = {
    {{}, true},
    {{"*/*"}, true},
    {{"application/*"}, true},
    {{"text/*"}, false},
    {{"application/vnd.oci.image.manifest.v1+json"}, true},
    {{"Application/VND.OCI.image.manifest.v1+json"}, true},
    {{"  application/vnd.oci.image.manifest.v1+json ; q=0.8"}, true},
    {{"text/html, application/vnd.oci.image.manifest.v1+json"}, true},
    {{"text/html", "application/vnd.oci.image.manifest.v1+json"}, true},
    {{"application/vnd.oci.image.index.v1+json"}, false},
    {{"application/vnd.oci.image.manifest.v1+json;q=0"}, false},
    {{"application/vnd.oci.image.manifest.v1+json; Q=0.00"}, false},
    {{"application/vnd.oci.image.manifest.v1+json;q=0.01"}, true},
    {{""}, false},
    {{",,;;"}, false},
    {{"application/vnd.oci.image.manifest.v1+jsonx"}, false},
};

TEST(Accepts, EveryRow) {
  for (const AcceptRow& row : kAcceptRows) {
    SCOPED_TRACE(testing::PrintToString(row.accept));
    EXPECT_EQ(Accepts(row.accept, media_type::kOciManifest), row.accepts);
  }
}

TEST(MediaTypeOf, LeavesParametersAndCapitalsOut) {
  EXPECT_EQ(MediaTypeOf("Application/JSON; charset=utf-8"), "application/json");
  EXPECT_EQ(MediaTypeOf(" text/plain "), "text/plain");
  EXPECT_EQ(MediaTypeOf(""), "");
}

TEST(ReadManifest, TakesAnImageApart) {
  const auto read = ReadManifest(ImageJson("config", "layer"), media_type::kOciManifest);
  const auto& content = std::get<ManifestContent>(read);
  EXPECT_EQ(content.media_type, media_type::kOciManifest);
  ASSERT_EQ(content.blobs.size(), 2U);
  EXPECT_EQ(content.blobs[0].digest.ToString(), Sha256("config"));
  EXPECT_EQ(content.blobs[0].size, 6U);
  EXPECT_EQ(content.blobs[1].media_type, media_type::kOciLayerGzip);
  EXPECT_TRUE(content.manifests.empty());
  EXPECT_FALSE(content.subject);
  EXPECT_EQ(content.artifact_type, media_type::kOciConfig);
}

TEST(ReadManifest, GoesByTheDocumentsOwnTypeWithoutAContentType) {
  const auto read = ReadManifest(ImageJson("config", "layer"), "");
  EXPECT_EQ(std::get<ManifestContent>(read).media_type, media_type::kOciManifest);
}

TEST(ReadManifest, SaysWhereTheProblemIs) {
  const auto read = ReadManifest(R"({"schemaVersion":2,"manifests":[{"mediaType":"a/b"}]})",
                                 media_type::kOciIndex);
  const auto& problem = std::get<Problem>(read);
  EXPECT_EQ(problem.code, ApiCode::kDigestInvalid);
  EXPECT_EQ(problem.key, "/manifests/0/digest");
}

}  // namespace
}  // namespace drydock::simulator
