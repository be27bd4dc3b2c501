// The bytes that skopeo 1.9.3 on amd64 put for images whose type had been refused.
#include "simulator/skopeo/forms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "core/file.h"
#include "core/media_type.h"
#include "core/text.h"

namespace drydock::simulator::skopeo {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Manifest Of(std::string_view type, const std::string& text) {
  return {std::string(type), std::make_shared<const std::string>(text), Digest::Of(text)};
}

// One layer of the type, with all that Docker's form has no word for.
std::string OciImage(std::string_view config_type, std::string_view layer_type) {
  return Concat({R"({"schemaVersion": 2, "mediaType": ")", media_type::kOciManifest,
                 R"(", "config": {"digest": "c", "size": 242, "mediaType": ")", config_type,
                 R"("}, "layers": [{"digest": "l", "size": 92, "mediaType": ")", layer_type,
                 R"(", "annotations": {"l": "v"}}], "annotations": {"k": "v"}})"});
}

const Bytes kConfig = std::make_shared<const std::string>(R"({"os":"linux"})");

// The forms as one text: types, and for each its bytes or why it has none.
std::vector<std::string> Told(const std::vector<Form>& forms) {
  std::vector<std::string> told;
  for (const Form& form : forms) {
    EXPECT_TRUE(!form.manifest || form.manifest->media_type == form.media_type);
    EXPECT_TRUE(!form.manifest || form.manifest->digest == Digest::Of(*form.manifest->bytes));
    told.push_back(
        Concat({form.media_type, " ",
                form.manifest ? *form.manifest->bytes : form.manifest.error().message()}));
  }
  return told;
}

constexpr char kNoFirstSchema[] =
    "Cannot convert an image with 0 history entries to "
    "application/vnd.docker.distribution.manifest.v1+prettyjws";

struct Layer {
  const char* oci;
  const char* docker;
};

class DockerImageTest : public ::testing::TestWithParam<Layer> {};

TEST_P(DockerImageTest, IsWhatTheRealOneWrote) {
  const auto forms =
      OtherFormsOf(Of(media_type::kOciManifest,
                      OciImage(media_type::kOciConfig,
                               Concat({"application/vnd.oci.image.layer.", GetParam().oci}))),
                   kConfig);
  const std::string docker =
      Concat({media_type::kDockerManifest, R"( {"schemaVersion":2,"mediaType":")",
              media_type::kDockerManifest, R"(","config":{"mediaType":")",
              media_type::kDockerConfig, R"(","size":242,"digest":"c"},"layers":[{"mediaType":")",
              "application/vnd.docker.image.rootfs.", GetParam().docker,
              R"(","size":92,"digest":"l"}]})"});
  EXPECT_THAT(
      Told(forms),
      ElementsAre(
          docker,
          Concat({"application/vnd.docker.distribution.manifest.v1+prettyjws ", kNoFirstSchema}),
          Concat({media_type::kOciIndex, " Unsupported conversion type: ", media_type::kOciIndex}),
          Concat({media_type::kDockerManifestList,
                  " Unsupported conversion type: ", media_type::kDockerManifestList}),
          Concat({"application/vnd.docker.distribution.manifest.v1+json ", kNoFirstSchema})));
  EXPECT_EQ(forms.front().config, nullptr) << "Docker's config is OCI's, byte for byte";
}

INSTANTIATE_TEST_SUITE_P(
    Layers, DockerImageTest,
    ::testing::Values(Layer{"v1.tar", "diff.tar"}, Layer{"v1.tar+gzip", "diff.tar.gzip"},
                      Layer{"nondistributable.v1.tar", "foreign.diff.tar"},
                      Layer{"nondistributable.v1.tar+gzip", "foreign.diff.tar.gzip"}),
    [](const auto& each) { return std::to_string(each.index); });

// The amd64 image of scenarios/projects/prebuilt-docker, its layers packed by skopeo.
TEST(FormsTest, ADockerImageGetsAnotherConfigAsWell) {
  const std::string layers =
      R"("digest":"sha256:8b14ffa5daab0da8714581588fa62a803f809917d461c0c832ea031f9409fffb")";
  const auto config =
      ReadWholeFile(DRYDOCK_SOURCE_DIR
                    "/scenarios/projects/prebuilt-docker/dist/app/blobs/sha256/"
                    "d67c6c7de161f2c1902844ed77edf58ac89406c3e3a4b54504f096becda721b6");
  ASSERT_TRUE(config);
  const auto forms =
      OtherFormsOf(Of(media_type::kDockerManifest,
                      Concat({R"({"schemaVersion":2,"mediaType":")", media_type::kDockerManifest,
                              R"(","config":{"mediaType":")", media_type::kDockerConfig,
                              R"(","size":323,"digest":"sha256:)",
                              "d67c6c7de161f2c1902844ed77edf58ac89406c3e3a4b54504f096becda721b6",
                              R"("},"layers":[{"mediaType":")", media_type::kDockerLayerGzip,
                              R"(","size":64,)", layers, "}]}"})),
                   std::make_shared<const std::string>(*config));
  ASSERT_EQ(forms.size(), 5u);
  EXPECT_EQ(forms[0].manifest.error().message(), kNoFirstSchema);
  ASSERT_TRUE(forms[1].manifest);
  EXPECT_EQ(
      *forms[1].manifest->bytes,
      Concat({R"({"schemaVersion":2,"mediaType":")", media_type::kOciManifest,
              R"(","config":{"mediaType":")", media_type::kOciConfig, R"(","digest":"sha256:)",
              "b1fc1a2ea2a4ccb25789903ab9b5ee42d3a4136318ffab721e2c29b3391ad9a5",
              R"(","size":251},"layers":[{"mediaType":")", media_type::kOciLayerGzip, R"(",)",
              layers, R"(,"size":64}]})"}));
  ASSERT_NE(forms[1].config, nullptr);
  EXPECT_EQ(Digest::Of(*forms[1].config).hex(),
            "b1fc1a2ea2a4ccb25789903ab9b5ee42d3a4136318ffab721e2c29b3391ad9a5");
}

TEST(FormsTest, AConfigIsWrittenInItsOrderWithoutWhatIsUnknown) {
  const auto config = std::make_shared<const std::string>(
      R"({"docker_version":"20","rootfs":{"diff_ids":["d"],"type":"layers"},"history":[)"
      R"({"empty_layer":true,"created":"2026-01-01T00:00:00Z","x":1}],"config":{"Labels":)"
      R"({"b":"2","a":"1"},"Hostname":"h","Env":["A=b"],"User":"u"},"os":"linux",)"
      R"("architecture":"amd64","created":"2026-01-01T00:00:00Z","container":"c"})");
  const auto forms =
      OtherFormsOf(Of(media_type::kDockerManifest,
                      Concat({R"({"config":{"mediaType":")", media_type::kDockerConfig,
                              R"(","size":1,"digest":"c"},"layers":[]})"})),
                   config);
  EXPECT_EQ(*forms.at(1).config,
            R"({"created":"2026-01-01T00:00:00Z","architecture":"amd64","os":"linux","config":)"
            R"({"User":"u","Env":["A=b"],"Labels":{"a":"1","b":"2"}},"rootfs":{"type":"layers",)"
            R"("diff_ids":["d"]},"history":[{"created":"2026-01-01T00:00:00Z",)"
            R"("empty_layer":true}]})");
  EXPECT_EQ(forms.at(0).manifest.error().message(), "the first schema is not modelled");
}

TEST(FormsTest, SomeImagesHaveNoOtherForm) {
  const struct {
    std::string_view config;
    const char* layer;
    const char* complaint;
  } rows[] = {
      {media_type::kOciConfig, "application/vnd.in-toto+json",
       R"(Unknown media type during manifest conversion: "application/vnd.in-toto+json")"},
      {media_type::kOciConfig, "application/vnd.docker.image.rootfs.diff.tar.gzip",
       "Unknown media type during manifest conversion"},
      {media_type::kOciConfig, "application/vnd.oci.image.layer.v1.tar+zstd",
       R"(v1.tar+zstd": zstd compression is not supported for docker images)"},
      {"application/vnd.x.config+json", "application/vnd.oci.image.layer.v1.tar",
       R"(unsupported image-specific operation on artifact with type )"
       R"("application/vnd.x.config+json")"},
  };
  for (const auto& row : rows) {
    const auto forms =
        OtherFormsOf(Of(media_type::kOciManifest, OciImage(row.config, row.layer)), kConfig);
    ASSERT_EQ(forms.size(), 5u);
    for (const std::size_t at : {0U, 1U, 4U}) {
      ASSERT_FALSE(forms[at].manifest) << row.layer;
      EXPECT_THAT(forms[at].manifest.error().message(), HasSubstr(row.complaint));
    }
  }
  EXPECT_FALSE(OtherFormsOf(Of(media_type::kOciManifest, "{"), kConfig).front().manifest);
}

struct Entry {
  const char* name;
  bool oci = true;  // what it stands in; the other form is Docker's manifest list
  std::string entry;
  std::string other_form;
};

void PrintTo(const Entry& entry, std::ostream* out) { *out << entry.name; }

class OtherFormTest : public ::testing::TestWithParam<Entry> {};

// The bytes that 1.9.3 on amd64 put after its first form had been answered with 400.
TEST_P(OtherFormTest, IsWhatTheRealOneWrote) {
  const std::string_view type =
      GetParam().oci ? media_type::kOciIndex : media_type::kDockerManifestList;
  const std::string_view other =
      GetParam().oci ? media_type::kDockerManifestList : media_type::kOciIndex;
  const auto list_of = [](std::string_view media_type, const std::string& entry) {
    return Concat(
        {R"({"schemaVersion":2,"mediaType":")", media_type, R"(","manifests":[)", entry, "]}"});
  };
  const auto form = InOtherForm(Of(type, list_of(type, GetParam().entry)));
  ASSERT_TRUE(form);
  EXPECT_EQ(*form->bytes, list_of(other, GetParam().other_form));
  EXPECT_EQ(form->media_type, other);
  EXPECT_EQ(form->digest, Digest::Of(*form->bytes));
}

INSTANTIATE_TEST_SUITE_P(
    Entries, OtherFormTest,
    ::testing::Values(
        Entry{"annotated", true,
              R"({"mediaType":"m","digest":"d","size":9,"annotations":{"k":"v"},)"
              R"("platform":{"variant":"v8","os":"linux","architecture":"arm64"}})",
              R"({"mediaType":"m","size":9,"digest":"d",)"
              R"("platform":{"architecture":"arm64","os":"linux","variant":"v8"}})"},
        Entry{"windows", true,
              R"({"mediaType":"m","digest":"d","size":9,"urls":["http://x/"],"platform":{)"
              R"("architecture":"amd64","os":"windows","os.version":"10.0.1",)"
              R"("os.features":["win32k"]}})",
              R"({"mediaType":"m","size":9,"digest":"d","urls":["http://x/"],"platform":{)"
              R"("architecture":"amd64","os":"windows","os.version":"10.0.1",)"
              R"("os.features":["win32k"]}})"},
        Entry{"attestation", true,
              R"({"mediaType":"m","digest":"d","size":9,)"
              R"("platform":{"architecture":"unknown","os":"unknown"}})",
              R"({"mediaType":"m","size":9,"digest":"d",)"
              R"("platform":{"architecture":"unknown","os":"unknown"}})"},
        Entry{"no_platform", true, R"({"mediaType":"m","digest":"d","size":9})",
              R"({"mediaType":"m","size":9,"digest":"d",)"
              R"("platform":{"architecture":"amd64","os":"linux"}})"},
        Entry{"docker", false,
              R"({"mediaType":"m","size":9,"digest":"d","platform":{)"
              R"("architecture":"amd64","os":"windows","os.version":"10.0.1",)"
              R"("os.features":["win32k"],"features":["sse4"]}})",
              R"({"mediaType":"m","digest":"d","size":9,"platform":{)"
              R"("architecture":"amd64","os":"windows","os.version":"10.0.1",)"
              R"("os.features":["win32k"]}})"}),
    [](const auto& each) { return each.param.name; });

TEST(FormsTest, AnIndexNamesWhatTookItsChildrensPlace) {
  const std::string kept = Digest::Of("kept").ToString();
  const Digest gone = Digest::Of("gone");
  const Manifest index =
      Of(media_type::kOciIndex,
         Concat({R"({"manifests": [{"platform": {"variant": "v8", "os": "linux", )",
                 R"("architecture": "arm64"}, "size": 7, "digest": ")", gone.ToString(),
                 R"(", "mediaType": "m", "annotations": {"x": "y"}}, {"digest": ")", kept,
                 R"(", "size": 5, "mediaType": "m"}], "annotations": {"a": "b"}})"}));
  const Manifest instead = Of(media_type::kDockerManifest, "docker's");
  const auto form = WithReplaced(index, {{gone, instead}});
  ASSERT_TRUE(form) << form.error().message();
  EXPECT_EQ(*form->bytes,
            Concat({R"({"schemaVersion":2,"mediaType":")", media_type::kOciIndex,
                    R"(","manifests":[{"mediaType":")", media_type::kDockerManifest,
                    R"(","digest":")", instead.digest.ToString(),
                    R"(","size":8,"annotations":{"x":"y"},"platform":{"architecture":"arm64",)",
                    R"("os":"linux","variant":"v8"}},{"mediaType":"m","digest":")", kept,
                    R"(","size":5}],"annotations":{"a":"b"}})"}));
  EXPECT_FALSE(WithReplaced(Of(media_type::kOciIndex, "[]"), {}));
}

}  // namespace
}  // namespace drydock::simulator::skopeo
