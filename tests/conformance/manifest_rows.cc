// Pushing, pulling and deleting manifests: end-3, end-7, end-9.
#include <gtest/gtest.h>

#include "core/media_type.h"
#include "core/text.h"
#include "tests/conformance/row.h"

namespace drydock::simulator {
namespace {

using media_type::kDockerManifest;
using media_type::kDockerManifestList;
using media_type::kOciIndex;
using media_type::kOciManifest;

const std::string kV1 = At("manifests/v1");

std::string ByDigest(std::string_view manifest) { return At("manifests/" + Sha256(manifest)); }

// The blobs an image needs, without the image.
Step HaveParts() {
  return Step([](Bench& bench) {
    bench.registry.store().PutBlob(kAppWeb, "config");
    bench.registry.store().PutBlob(kAppWeb, "layer");
  });
}

Step PutImage(std::string target, std::string manifest = Image()) {
  return Put(std::move(target)).Sending(std::move(manifest), kOciManifest);
}

std::string Index(const std::vector<std::string>& entries, std::string_view type = kOciIndex,
                  std::string_view more = "") {
  return Concat({R"({"schemaVersion":2,"mediaType":")", type, R"(","manifests":[)",
                 Join(entries, ","), "]", more, "}"});
}

std::string IndexOfImage() { return Index({DescriptorJson(kOciManifest, Image())}); }

std::string DockerImage() {
  return Concat({R"({"schemaVersion":2,"mediaType":")", kDockerManifest, R"(","config":)",
                 DescriptorJson(media_type::kDockerConfig, "config"), R"(,"layers":[)",
                 DescriptorJson(media_type::kDockerLayerGzip, "layer"), "]}"});
}

// BuildKit's cache as an index of layers.
std::string CacheIndex() {
  return Index({DescriptorJson(media_type::kOciLayerGzip, "layer"),
                DescriptorJson(media_type::kBuildkitCacheConfig, "config")});
}

std::string Replaced(std::string_view from, std::string_view to) {
  return ReplaceAll(Image(), from, to);
}

Step Invalid(std::string manifest, std::string code = "MANIFEST_INVALID") {
  return PutImage(kV1, std::move(manifest)).Refused(400, std::move(code));
}

Personality SmallManifests() {
  Personality personality = AnonymousPersonality();
  personality.limits.manifest_bytes = 100;
  return personality;
}

}  // namespace

const std::vector<Row>& ManifestRows() {
  static const std::vector<Row> kRows = {
      {"put.201",
       "an image by tag",
       {HaveParts(),
        PutImage(kV1)
            .Gives(201)
            .Has("Location", ByDigest(Image()))
            .Has("Docker-Content-Digest", Sha256(Image()))
            .Has("Content-Length", "0")
            .Lacks("OCI-Subject"),
        Get("{location}").Gives(200).Says(Image()), Get(kV1).Gives(200).Says(Image())}},
      {"put.201",
       "an image by digest",
       {HaveParts(), PutImage(ByDigest(Image())).Gives(201), Get(ByDigest(Image())).Gives(200),
        Get(kV1).Refused(404, "MANIFEST_UNKNOWN")}},
      {"put.digest",
       "an image by a digest that is another's",
       {HaveParts(), PutImage(ByDigest("other")).Refused(400, "DIGEST_INVALID"),
        Get(ByDigest(Image())).Refused(404, "MANIFEST_UNKNOWN")}},
      {"digest.format",
       "a push under a malformed digest",
       {HaveParts(),
        PutImage(At("manifests/sha256:baddigeststring")).Refused(400, "DIGEST_INVALID")}},
      {"tag.grammar",
       "a tag that is none",
       {HaveParts(), PutImage(At("manifests/-v1")).Refused(400, "TAG_INVALID"),
        PutImage(At("manifests/" + std::string(129, 'v'))).Refused(400, "TAG_INVALID"),
        PutImage(At("manifests/" + std::string(128, 'v'))).Gives(201)}},
      {"put.bytes",
       "bytes are kept as they came",
       {HaveParts(), PutImage(kV1, "  " + Image() + "\n").Gives(201),
        Get(kV1).Gives(200).Says("  " + Image() + "\n")}},
      {"put.digest",
       "an image by its sha512 digest",
       {HaveParts(), Step([](Bench& bench) {
          const std::string digest = Digest::Of(Image(), DigestAlgorithm::kSha512).ToString();
          const BenchReply put = bench.Send("PUT", At("manifests/" + digest),
                                            {{"Content-Type", std::string(kOciManifest)}}, Image());
          EXPECT_EQ(put.status, 201);
          EXPECT_EQ(put.headers.Get("Docker-Content-Digest"), digest);
          EXPECT_EQ(bench.Send("GET", At("manifests/" + digest)).body, Image());
        })}},
      {"put.201",
       "a Docker image",
       {HaveParts(), Put(kV1).Sending(DockerImage(), kDockerManifest).Gives(201),
        Get(kV1).Gives(200).Has("Content-Type", std::string(kDockerManifest))}},
      {"put.index",
       "an index whose child is there",
       {HaveImage("app/web", "child"), Put(kV1).Sending(IndexOfImage(), kOciIndex).Gives(201),
        Get(kV1).Gives(200).Says(IndexOfImage()).Has("Content-Type", std::string(kOciIndex))}},
      {"put.index",
       "a Docker manifest list",
       {HaveParts(), Put(At("manifests/child")).Sending(DockerImage(), kDockerManifest).Gives(201),
        Put(kV1)
            .Sending(Index({DescriptorJson(kDockerManifest, DockerImage())}, kDockerManifestList),
                     kDockerManifestList)
            .Gives(201)}},
      {"put.index",
       "an index of an index",
       {HaveImage("app/web", "child"),
        Put(At("manifests/inner")).Sending(IndexOfImage(), kOciIndex).Gives(201),
        Put(kV1)
            .Sending(Index({DescriptorJson(kOciIndex, IndexOfImage())}), kOciIndex)
            .Gives(201)}},
      {"put.index", "an index of nothing", {Put(kV1).Sending(Index({}), kOciIndex).Gives(201)}},
      {"put.unknown",
       "an index whose child is missing",
       {HaveParts(),
        Put(kV1)
            .Sending(IndexOfImage(), kOciIndex)
            .Refused(400, "MANIFEST_BLOB_UNKNOWN")
            .Says("*" + Sha256(Image()) + "*"),
        Get(kV1).Refused(404, "MANIFEST_UNKNOWN")}},
      {"put.unknown",
       "an index whose child is only in another repository",
       {HaveImage("app/base", "child"),
        Put(kV1).Sending(IndexOfImage(), kOciIndex).Refused(400, "MANIFEST_BLOB_UNKNOWN")}},
      {"put.unknown",
       "an image whose bytes are a blob is no child",
       {HaveBlob("app/web", Image()),
        Put(kV1).Sending(IndexOfImage(), kOciIndex).Refused(400, "MANIFEST_BLOB_UNKNOWN")}},
      {"put.index",
       "an index of layers, as BuildKit exports its cache",
       {HaveParts(), Put(At("manifests/buildcache")).Sending(CacheIndex(), kOciIndex).Gives(201),
        Get(At("manifests/buildcache")).Gives(200).Says(CacheIndex())}},
      {"put.unknown",
       "an index of layers that are missing",
       {Put(kV1).Sending(CacheIndex(), kOciIndex).Refused(400, "MANIFEST_BLOB_UNKNOWN")}},
      {"put.index",
       "an index of a type nobody knows, stored as a manifest",
       {HaveBlob("app/web", "x"),
        Put(At("manifests/child")).Sending("{}", "application/vnd.example+json").Gives(201),
        Put(kV1)
            .Sending(Index({DescriptorJson("application/vnd.example+json", "{}")}), kOciIndex)
            .Gives(201)},
       [] {
         Personality personality = AnonymousPersonality();
         personality.known_manifest_types_only = false;
         return personality;
       }},
      {"put.unknown",
       "a manifest is no layer",
       {HaveImage("app/web", "child"),
        Invalid(ReplaceAll(Image(), DescriptorJson(media_type::kOciLayerGzip, "layer"),
                           DescriptorJson(media_type::kOciLayerGzip, Image())),
                "MANIFEST_BLOB_UNKNOWN")}},
      {"put.unknown",
       "an image whose layer is missing",
       {HaveBlob("app/web", "config"),
        Invalid(Image(), "MANIFEST_BLOB_UNKNOWN").Says("*" + Sha256("layer") + "*"),
        Get(kV1).Refused(404, "MANIFEST_UNKNOWN")}},
      {"put.unknown",
       "an image with nothing there names all that is missing",
       {Invalid(Image(), "MANIFEST_BLOB_UNKNOWN")
            .Says("*" + Sha256("config") + "*" + Sha256("layer") + "*")}},
      {"put.size",
       "an image whose layer says another size",
       {HaveParts(), Invalid(Replaced(R"("size":5)", R"("size":6)"), "SIZE_INVALID")}},
      {"put.foreign",
       "a layer that lives elsewhere need not be there",
       {HaveBlob("app/web", "config"),
        PutImage(kV1, Replaced(media_type::kOciLayerGzip,
                               "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"))
            .Gives(201),
        PutImage(kV1, Replaced(R"("size":5)", R"("size":5,"urls":["https://elsewhere.test/x"])"))
            .Gives(201)}},
      {"put.no-blobs",
       "an image without layers",
       {HaveParts(),
        PutImage(kV1,
                 Replaced("[" + DescriptorJson(media_type::kOciLayerGzip, "layer") + "]", "[]"))
            .Gives(201)}},
      {"put.custom",
       "members nobody knows",
       {HaveParts(),
        PutImage(kV1, ImageJson("config", "layer", R"(,"x":{"y":[1,2.5,null]})")).Gives(201)}},
      {"subject.header",
       "a platform's attestation with its subject",
       {HaveImage("app/web", "child"),
        PutImage(kV1, ImageJson("config", "layer",
                                R"(,"subject":)" + DescriptorJson(kOciManifest, Image())))
            .Gives(201)
            .Has("OCI-Subject", Sha256(Image()))}},
      {"subject.missing",
       "a subject that is not there",
       {HaveParts(), PutImage(kV1, ImageJson("config", "layer",
                                             R"(,"subject":)" + DescriptorJson(kOciManifest, "x")))
                         .Gives(201)
                         .Has("OCI-Subject", Sha256("x"))}},
      {"put.invalid", "no JSON", {Invalid("hello")}},
      {"put.invalid", "an empty body", {Invalid("")}},
      {"put.invalid", "JSON that is no object", {Invalid("[]")}},
      {"put.invalid", "a member twice", {Invalid(R"({"schemaVersion":2,"schemaVersion":2})")}},
      {"put.invalid",
       "nesting without end",
       {Invalid(R"({"a":)" + std::string(5000, '[') + std::string(5000, ']') + "}")}},
      {"put.invalid",
       "schema version 1",
       {Invalid(Replaced(R"("schemaVersion":2)", R"("schemaVersion":1)"))}},
      {"put.invalid",
       "a schema 1 manifest",
       {Put(kV1)
            .Sending(R"({"schemaVersion":1,"name":"app/web","tag":"v1"})",
                     "application/vnd.docker.distribution.manifest.v1+prettyjws")
            .Refused(400, "MANIFEST_INVALID")}},
      {"put.invalid", "an image without config", {Invalid(R"({"schemaVersion":2,"layers":[]})")}},
      {"put.invalid",
       "layers that are no list",
       {HaveParts(), Invalid(Replaced(R"("layers":[)", R"("layers":{"a":[)") + "}")}},
      {"put.descriptor",
       "a descriptor without size",
       {Invalid(Replaced(R"("size":6)", R"("bytes":6)"))}},
      {"put.descriptor",
       "a descriptor of negative size",
       {Invalid(Replaced(R"("size":6)", R"("size":-6)"))}},
      {"put.descriptor",
       "a descriptor with a malformed digest",
       {Invalid(Replaced(Sha256("layer"), "sha256:bad"), "DIGEST_INVALID")}},
      {"put.descriptor",
       "a descriptor without media type",
       {Invalid(Replaced(R"("mediaType":"application/vnd.oci.image.config)",
                         R"("type":"application/vnd.oci.image.config)"))}},
      {"put.ambiguous",
       "an image that is an index too",
       {HaveParts(), Invalid(ImageJson("config", "layer", R"(,"manifests":[])"))}},
      {"put.ambiguous",
       "an index that is an image too",
       {HaveParts(), Put(kV1)
                         .Sending(Index({}, kOciIndex, R"(,"layers":[])"), kOciIndex)
                         .Refused(400, "MANIFEST_INVALID")}},
      {"put.media-type",
       "a Content-Type that is not the document's mediaType",
       {HaveParts(), Put(kV1).Sending(Image(), kDockerManifest).Refused(400, "MANIFEST_INVALID"),
        Put(kV1).Sending(Image(), kOciIndex).Refused(400, "MANIFEST_INVALID")}},
      {"put.media-type",
       "no Content-Type",
       {HaveParts(), Put(kV1).Sending(Image()).Refused(400, "MANIFEST_INVALID")}},
      {"put.parameters",
       "a Content-Type with parameters and in capitals",
       {HaveParts(),
        Put(kV1)
            .Sending(Image(), "Application/vnd.oci.image.manifest.v1+json; charset=utf-8")
            .Gives(201)}},
      {"put.media-type",
       "a type that is no manifest",
       {Put(kV1).Sending("{}", "application/json").Refused(415, "UNSUPPORTED")}},
      {"put.413",
       "a manifest larger than the registry takes",
       {HaveParts(), PutImage(kV1).Refused(413, "SIZE_INVALID"),
        PutImage(kV1).Chunked().Refused(413, "SIZE_INVALID"),
        Get(kV1).Refused(404, "MANIFEST_UNKNOWN")},
       SmallManifests},
      {"put.4mb",
       "a manifest of 3.9 MB",
       {HaveParts(),
        Put(kV1)
            .Making(
                [] {
                  return ImageJson(
                      "config", "layer",
                      R"(,"annotations":{"a":")" + std::string(3900000, 'x') + R"("})");
                },
                kOciManifest)
            .Gives(201),
        Head(kV1).Gives(200).Has("Content-Length", "39?????")}},
      {"put.tags",
       "tags in the query of a push by digest",
       {HaveParts(),
        PutImage(ByDigest(Image()) + "?tag=v1&tag=latest").Gives(201).Has("OCI-Tag", "v1"),
        Get(kV1).Gives(200), Get(At("manifests/latest")).Gives(200)}},
      {"put.tags",
       "a tag in the query that is none",
       {HaveParts(), PutImage(ByDigest(Image()) + "?tag=-x").Refused(400, "TAG_INVALID"),
        Get(ByDigest(Image())).Refused(404, "MANIFEST_UNKNOWN")}},
      {"put.tags-414",
       "more tags in the query than the registry takes",
       {HaveParts(), PutImage(ByDigest(Image()) + "?tag=a&tag=b&tag=c&tag=d&tag=e&tag=f&tag=g&tag=h"
                                                  "&tag=i&tag=j&tag=k")
                         .Refused(414, "TAG_INVALID")}},
      {"put.201",
       "the same manifest under the same tag again",
       {HaveParts(), PutImage(kV1).Gives(201), PutImage(kV1).Gives(201)}},
      {"put.201",
       "children under the tag that the index gets at last",
       {HaveParts(), PutImage(kV1).Gives(201),
        Put(kV1).Sending(IndexOfImage(), kOciIndex).Gives(201),
        Get(kV1).Gives(200).Has("Docker-Content-Digest", Sha256(IndexOfImage())),
        Get(ByDigest(Image())).Gives(200)}},
      {"get.200",
       "GET by tag says what it is",
       {HaveImage("app/web", "v1"), Get(kV1)
                                        .Gives(200)
                                        .Says(Image())
                                        .Has("Content-Type", std::string(kOciManifest))
                                        .Has("Docker-Content-Digest", Sha256(Image()))
                                        .Has("ETag", "\"" + Sha256(Image()) + "\"")}},
      {"get.head",
       "HEAD has the headers of GET and no body",
       {HaveImage("app/web", "v1"), Head(kV1)
                                        .Gives(200)
                                        .Has("Content-Type", std::string(kOciManifest))
                                        .Has("Content-Length", std::to_string(Image().size()))
                                        .Has("Docker-Content-Digest", Sha256(Image()))}},
      {"get.404",
       "a tag nobody set",
       {Get(kV1).Refused(404, "MANIFEST_UNKNOWN").Says("*\"tag\":\"v1\"*"), Head(kV1).Gives(404)}},
      {"get.404",
       "a digest nobody pushed",
       {Get(ByDigest("x")).Refused(404, "MANIFEST_UNKNOWN").Says("*\"digest\":*")}},
      {"digest.format",
       "a malformed digest",
       {Get(At("manifests/sha256:baddigeststring")).Refused(400, "DIGEST_INVALID")}},
      {"get.404",
       "a text that can be no tag",
       {Get(At("manifests/-v1")).Refused(404, "MANIFEST_UNKNOWN")}},
      {"get.accept",
       "the Accept of containerd",
       {HaveImage("app/web", "v1"),
        Head(kV1)
            .With("Accept", Concat({kDockerManifest, ", ", kOciManifest, ", ", kOciIndex, ", */*"}))
            .Gives(200)}},
      {"get.accept",
       "an Accept that takes any application type",
       {HaveImage("app/web", "v1"), Get(kV1).With("Accept", "application/*").Gives(200)}},
      {"get.accept",
       "an Accept in two headers",
       {HaveImage("app/web", "v1"),
        Get(kV1).With("Accept", kDockerManifest).With("Accept", kOciManifest).Gives(200)}},
      {"get.accept",
       "an Accept without the manifest's type",
       {HaveImage("app/web", "v1"),
        Get(kV1)
            .With("Accept", kDockerManifest)
            .Refused(404, "MANIFEST_UNKNOWN")
            .Says("*media type*"),
        Get(kV1).With("Accept", Concat({kOciManifest, ";q=0"})).Refused(404, "MANIFEST_UNKNOWN"),
        Get(kV1).With("Accept", Concat({kOciManifest, ";q=0.5"})).Gives(200)}},
      {"delete.tag",
       "a deleted tag leaves the manifest",
       {HaveImage("app/web", "v1"), Delete(kV1).Gives(202).Has("Content-Length", "0"),
        Get(kV1).Refused(404, "MANIFEST_UNKNOWN"), Get(ByDigest(Image())).Gives(200)}},
      {"delete.manifest",
       "a deleted manifest takes its tags with it",
       {HaveImage("app/web", "v1"), HaveTags("app/web", {"latest"}),
        Delete(ByDigest(Image())).Gives(202), Get(kV1).Refused(404, "MANIFEST_UNKNOWN"),
        Get(ByDigest(Image())).Refused(404, "MANIFEST_UNKNOWN"),
        Get(At("tags/list")).Gives(200).Says(R"({"name":"app/web","tags":[]})")}},
      {"delete.manifest-404",
       "deleting what is not there",
       {Delete(kV1).Refused(404, "MANIFEST_UNKNOWN"),
        Delete(ByDigest("x")).Refused(404, "MANIFEST_UNKNOWN"),
        Delete(At("manifests/sha256:bad")).Refused(400, "DIGEST_INVALID")}},
      {"delete.tag-disabled",
       "a registry that deletes no tags",
       {HaveImage("app/web", "v1"), Delete(kV1).Refused(405, "UNSUPPORTED"), Get(kV1).Gives(200)},
       [] {
         Personality personality = AnonymousPersonality();
         personality.delete_tags = false;
         return personality;
       }},
      {"http",
       "a manifest with a method it has not",
       {Patch(kV1).Refused(405, "UNSUPPORTED").Has("Allow", "GET, HEAD, PUT, DELETE")}},
  };
  return kRows;
}

}  // namespace drydock::simulator
