// Every kind of content, pushed and pulled and deleted under digests of both algorithms: images,
// indexes, artifacts and what the image-spec lets them carry.
#include "core/media_type.h"
#include "core/text.h"
#include "tests/conformance/row.h"

namespace drydock::simulator {
namespace {

using media_type::kOciIndex;
using media_type::kOciManifest;

constexpr std::string_view kArtifactType = "application/vnd.example.sbom.v1";
constexpr std::string_view kForeignLayer =
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";

std::string DigestOf(std::string_view bytes, DigestAlgorithm algorithm) {
  return Digest::Of(bytes, algorithm).ToString();
}

std::string Describe(std::string_view type, std::string_view bytes, DigestAlgorithm algorithm,
                     std::string_view more = "") {
  return Concat({R"({"mediaType":")", type, R"(","digest":")", DigestOf(bytes, algorithm),
                 R"(","size":)", std::to_string(bytes.size()), more, "}"});
}

std::string ManifestOf(std::string_view config, std::string_view layers,
                       std::string_view more = "") {
  return Concat({R"({"schemaVersion":2,"mediaType":")", kOciManifest, R"(")", more, R"(,"config":)",
                 config, R"(,"layers":[)", layers, "]}"});
}

std::string IndexOf(std::string_view entries, std::string_view more = "") {
  return Concat({R"({"schemaVersion":2,"mediaType":")", kOciIndex, R"(")", more,
                 R"(,"manifests":[)", entries, "]}"});
}

std::string PlainImage(DigestAlgorithm with) {
  return ManifestOf(Describe(media_type::kOciConfig, "config", with),
                    Describe(media_type::kOciLayerGzip, "layer", with));
}

std::string ImageIndex(DigestAlgorithm with) {
  return IndexOf(Describe(kOciManifest, PlainImage(with), with,
                          R"(,"platform":{"architecture":"arm64","os":"linux"})"));
}

std::string Artifact(DigestAlgorithm with) {
  return ManifestOf(Describe(media_type::kOciEmpty, "{}", with),
                    Describe("text/plain", "layer", with),
                    Concat({R"(,"artifactType":")", kArtifactType, R"(")"}));
}

std::string WithSubject(DigestAlgorithm with) {
  return ManifestOf(Describe(media_type::kOciEmpty, "{}", with),
                    Describe("text/plain", "layer", with),
                    Concat({R"(,"subject":)", Describe(kOciManifest, PlainImage(with), with)}));
}

// One kind of content: the manifest, and those that must be there before it.
struct Content {
  std::string title;
  std::string rule;
  std::string_view type;
  std::string (*manifest)(DigestAlgorithm);
  std::vector<std::string (*)(DigestAlgorithm)> before = {};
};

const std::vector<Content>& Contents() {
  static const std::vector<Content> kContents = {
      {"an image", "put.201", kOciManifest, PlainImage},
      {"an image of uncompressed layers", "put.201", kOciManifest,
       [](DigestAlgorithm with) {
         return ManifestOf(Describe(media_type::kOciConfig, "config", with),
                           Describe("application/vnd.oci.image.layer.v1.tar", "layer", with));
       }},
      {"an image with the same layer twice", "put.201", kOciManifest,
       [](DigestAlgorithm with) {
         const std::string layer = Describe(media_type::kOciLayerGzip, "layer", with);
         return ManifestOf(Describe(media_type::kOciConfig, "config", with),
                           Concat({layer, ",", layer}));
       }},
      {"an image of an empty layer", "put.201", kOciManifest,
       [](DigestAlgorithm with) {
         return ManifestOf(Describe(media_type::kOciConfig, "config", with),
                           Describe(media_type::kOciLayerGzip, "", with));
       }},
      {"an image without layers", "put.no-blobs", kOciManifest,
       [](DigestAlgorithm with) {
         return ManifestOf(Describe(media_type::kOciConfig, "config", with), "");
       }},
      {"an index", "put.index", kOciIndex, ImageIndex, {PlainImage}},
      {"a nested index",
       "put.index",
       kOciIndex,
       [](DigestAlgorithm with) { return IndexOf(Describe(kOciIndex, ImageIndex(with), with)); },
       {PlainImage, ImageIndex}},
      {"an empty index", "put.index", kOciIndex, [](DigestAlgorithm) { return IndexOf(""); }},
      {"an artifact", "put.custom", kOciManifest, Artifact},
      {"an artifact without layers", "put.no-blobs", kOciManifest,
       [](DigestAlgorithm with) {
         return ManifestOf(Describe(media_type::kOciEmpty, "{}", with), "",
                           Concat({R"(,"artifactType":")", kArtifactType, R"(")"}));
       }},
      {"an index of artifacts",
       "put.index",
       kOciIndex,
       [](DigestAlgorithm with) {
         return IndexOf(Describe(kOciManifest, Artifact(with), with),
                        Concat({R"(,"artifactType":")", kArtifactType, R"(")"}));
       },
       {Artifact}},
      {"an artifact with its subject", "subject.header", kOciManifest, WithSubject, {PlainImage}},
      {"an artifact whose subject is missing", "subject.missing", kOciManifest, WithSubject},
      {"an index with a subject",
       "subject.header",
       kOciIndex,
       [](DigestAlgorithm with) {
         return IndexOf("",
                        Concat({R"(,"subject":)", Describe(kOciManifest, PlainImage(with), with)}));
       },
       {PlainImage}},
      {"a config with its data", "put.data", kOciManifest,
       [](DigestAlgorithm with) {
         return ManifestOf(Describe(media_type::kOciEmpty, "{}", with, R"(,"data":"e30=")"),
                           Describe("text/plain", "layer", with));
       }},
      {"a non-distributable layer", "put.foreign", kOciManifest,
       [](DigestAlgorithm with) {
         return ManifestOf(
             Describe(media_type::kOciConfig, "config", with),
             Describe(kForeignLayer, "nowhere", with, R"(,"urls":["https://elsewhere.test/x"])"));
       }},
      {"members nobody knows", "put.custom", kOciManifest,
       [](DigestAlgorithm with) {
         return ManifestOf(
             Describe(media_type::kOciConfig, "config", with, R"(,"x.example":{"a":[1]})"),
             Describe(media_type::kOciLayerGzip, "layer", with, R"(,"annotations":{"a":"b"})"),
             R"(,"x.example":[true,null])");
       }},
  };
  return kContents;
}

Step PushBytes(const std::string& bytes, DigestAlgorithm with) {
  return Post(At("blobs/uploads/?digest=" + DigestOf(bytes, with))).Sending(bytes).Gives(201);
}

std::string TypeOf(const std::string& manifest) {
  return std::string(Contains(manifest, R"("manifests":)") ? kOciIndex : kOciManifest);
}

Step PutContent(const std::string& target, const std::string& manifest) {
  return Put(target).Sending(manifest, TypeOf(manifest)).Gives(201);
}

// Push what it needs and itself, look at it in every way, delete it.
Row RowOfContent(const Content& content, DigestAlgorithm with, bool by_tag) {
  const std::string manifest = content.manifest(with);
  const DigestAlgorithm stored = by_tag ? DigestAlgorithm::kSha256 : with;
  const std::string digest = DigestOf(manifest, stored);
  const std::string by_digest = At("manifests/" + digest);
  const std::string by_name = At("manifests/v1");
  Row row{content.rule,
          Concat({content.title, " by ", by_tag ? "tag" : "digest", ", ", Name(with)}),
          {}};
  for (const std::string bytes : {"config", "layer", "{}", ""}) {
    row.steps.push_back(PushBytes(bytes, with));
  }
  for (const auto before : content.before) {
    const std::string child = before(with);
    row.steps.push_back(PutContent(At("manifests/" + DigestOf(child, with)), child));
  }
  row.steps.push_back(PutContent(by_tag ? by_name : by_digest + "?tag=v1", manifest)
                          .Has("Location", by_digest)
                          .Has("Docker-Content-Digest", digest));
  for (const std::string& where : {by_digest, by_name}) {
    row.steps.push_back(Get(where)
                            .Gives(200)
                            .Says(manifest)
                            .Has("Content-Type", std::string(content.type))
                            .Has("Docker-Content-Digest", digest));
    row.steps.push_back(Head(where)
                            .Gives(200)
                            .Has("Content-Length", std::to_string(manifest.size()))
                            .Has("Docker-Content-Digest", digest));
  }
  row.steps.push_back(Get(At("tags/list")).Gives(200).Says(R"({"name":"app/web","tags":["v1"]})"));
  row.steps.push_back(Delete(by_digest).Gives(202));
  row.steps.push_back(Get(by_digest).Refused(404, "MANIFEST_UNKNOWN"));
  row.steps.push_back(Head(by_name).Gives(404));
  return row;
}

}  // namespace

const std::vector<Row>& ContentRows() {
  static const std::vector<Row> kRows = [] {
    std::vector<Row> rows;
    for (const Content& content : Contents()) {
      rows.push_back(RowOfContent(content, DigestAlgorithm::kSha256, true));
      rows.push_back(RowOfContent(content, DigestAlgorithm::kSha256, false));
      rows.push_back(RowOfContent(content, DigestAlgorithm::kSha512, false));
    }
    return rows;
  }();
  return kRows;
}

}  // namespace drydock::simulator
