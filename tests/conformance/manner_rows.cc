// What holds across endpoints or is optional in the specification: conditions, warnings, sparse
// manifests, data fields, limits, pages of referrers and their fallback, disabled deletes.
#include <algorithm>

#include "core/media_type.h"
#include "core/text.h"
#include "tests/conformance/row.h"

namespace drydock::simulator {
namespace {

using media_type::kOciIndex;
using media_type::kOciManifest;

constexpr std::size_t kFourMebibytes = std::size_t{4} << 20;

std::string TaggedAs(std::string_view tag) { return At(Concat({"manifests/", tag})); }
std::string Digested(std::string_view manifest) { return At("manifests/" + Sha256(manifest)); }
std::string BlobOf(std::string_view bytes) { return At("blobs/" + Sha256(bytes)); }
std::string Quoted(std::string_view bytes) { return Concat({"\"", Sha256(bytes), "\""}); }
std::string ReferrersOf(std::string_view bytes) { return At("referrers/" + Sha256(bytes)); }

// An image as large as asked, over "config" and "layer".
std::string ImageOfSize(std::size_t bytes) {
  const std::string empty = ImageJson("config", "layer", R"(,"annotations":{"a":""})");
  return ImageJson(
      "config", "layer",
      Concat({R"(,"annotations":{"a":")", std::string(bytes - empty.size(), 'x'), R"("})"}));
}

// The n-th referrer of the plain image.
std::string Referrer(int n, std::string_view type = "application/vnd.example.note") {
  return ImageJson(
      "config", "layer",
      Concat({R"(,"subject":)", DescriptorJson(kOciManifest, Image()), R"(,"artifactType":")", type,
              R"(","annotations":{"n":")", std::to_string(n), R"("})"}));
}

Step PutReferrer(const std::string& manifest) {
  return Put(Digested(manifest)).Sending(manifest, kOciManifest).Gives(201);
}

// Their digests in the order of the list.
std::vector<std::string> InOrder(std::vector<std::string> manifests) {
  for (std::string& manifest : manifests) {
    manifest = Sha256(manifest);
  }
  std::sort(manifests.begin(), manifests.end());
  return manifests;
}

std::string WithData(std::string_view data) {
  return ReplaceAll(Image(), DescriptorJson(media_type::kOciConfig, "config"),
                    ReplaceAll(DescriptorJson(media_type::kOciConfig, "config"), "}",
                               Concat({R"(,"data":)", data, "}"})));
}

template <auto Member, auto Value>
Personality With() {
  Personality personality = AnonymousPersonality();
  personality.*Member = Value;
  return personality;
}

Personality TwoReferrersAPage() {
  Personality personality = AnonymousPersonality();
  personality.limits.page = 2;
  return personality;
}

Personality Warning() {
  Personality personality = AnonymousPersonality();
  personality.warnings = {"This registry is a rehearsal.", "It forgets everything."};
  return personality;
}

const std::vector<Row>& ConditionRows() {
  static const std::vector<Row> kRows = {
      {"http",
       "a manifest the client holds already",
       {HaveImage("app/web", "v1"),
        Get(TaggedAs("v1"))
            .With("If-None-Match", Quoted(Image()))
            .Gives(304)
            .Has("ETag", Quoted(Image()))
            .Has("Docker-Content-Digest", Sha256(Image())),
        Head(TaggedAs("v1")).With("If-None-Match", "W/" + Quoted(Image())).Gives(304),
        Get(TaggedAs("v1")).With("If-None-Match", "*").Gives(304),
        Get(TaggedAs("v1")).With("If-None-Match", "\"a\", " + Quoted(Image())).Gives(304)}},
      {"http",
       "a manifest other than the client holds",
       {HaveImage("app/web", "v1"),
        Get(TaggedAs("v1")).With("If-None-Match", Quoted("other")).Gives(200).Says(Image()),
        Get(TaggedAs("v2")).With("If-None-Match", "*").Refused(404, "MANIFEST_UNKNOWN")}},
      {"http",
       "a blob the client holds already",
       {HaveBlob("app/web", "hello"),
        Get(BlobOf("hello")).With("If-None-Match", Quoted("hello")).Gives(304),
        Get(BlobOf("hello"))
            .With("If-None-Match", Quoted("hello"))
            .With("Range", "bytes=9-")
            .Gives(304),
        Get(BlobOf("hello")).With("If-None-Match", Quoted("other")).Gives(200).Says("hello")}},
      {"warning.299",
       "warnings on answers and refusals",
       {Get("/v2/").Gives(200).Has("Warning", "299 - \"This registry is a rehearsal.\""),
        Get(TaggedAs("v1"))
            .Refused(404, "MANIFEST_UNKNOWN")
            .Has("Warning", "299 - \"This registry is a rehearsal.\""),
        Post(At("blobs/uploads/")).Gives(202).Has("Warning", "299 - \"*\"")},
       Warning},
      {"warning.299", "no warnings", {Get("/v2/").Gives(200).Lacks("Warning")}},
      {"proxy.ns",
       "ns names another host and changes nothing",
       {HaveImage("app/web", "v1"),
        Get(TaggedAs("v1") + "?ns=docker.io").Gives(200).Says(Image()).Lacks("OCI-Namespace"),
        Head(BlobOf("layer") + "?ns=docker.io").Gives(200).Lacks("OCI-Namespace")}},
      {"error.body",
       "several errors in one refusal",
       {Put(TaggedAs("v1"))
            .Sending(Image(), kOciManifest)
            .Refused(400, "MANIFEST_BLOB_UNKNOWN")
            .Has("Content-Type", "application/json*")
            .Says("{\"errors\":[{\"code\":\"MANIFEST_BLOB_UNKNOWN\",\"message\":\"*\",\"detail\":*"
                  "{\"code\":\"MANIFEST_BLOB_UNKNOWN\",*]}\n")}},
      {"error.body",
       "what the client wrote is quoted as text",
       {Get(At("manifests/%22%5C%0A")).Refused(404, "MANIFEST_UNKNOWN").Says(R"(*"\"\\\n"*)")}},
      {"get.type",
       "the type without the parameters it was pushed with",
       {HaveImage("app/web", "v1"),
        Put(TaggedAs("v2")).Sending(Image(), Concat({kOciManifest, "; charset=utf-8"})).Gives(201),
        Get(TaggedAs("v2")).Gives(200).Has("Content-Type", std::string(kOciManifest))}},
      {"get.200",
       "a tag that was moved gives the new manifest at once",
       {HaveImage("app/web", "v1"), PutReferrer(Referrer(1)),
        Put(TaggedAs("v1")).Sending(Referrer(1), kOciManifest).Gives(201),
        Get(TaggedAs("v1")).Gives(200).Says(Referrer(1)),
        Get(Digested(Image())).Gives(200).Says(Image())}},
      {"blob.range-multi",
       "several ranges of which one is of the blob",
       {HaveBlob("app/web", "hello"), Get(BlobOf("hello"))
                                          .With("Range", "bytes=1-2,50-60")
                                          .Gives(206)
                                          .Has("Content-Range", "bytes 1-2/5")
                                          .Says("el")}},
      {"blob.range-multi",
       "a suffix and an open range, in the order asked",
       {HaveBlob("app/web", "hello world"),
        Get(BlobOf("hello world"))
            .With("Range", "bytes=-2, 0-0")
            .Gives(206)
            .Says("*bytes 9-10/11\r\n\r\nld\r\n*bytes 0-0/11\r\n\r\nh\r\n*")}},
      {"blob.range-multi",
       "ranges that overlap are not worth serving",
       {HaveBlob("app/web", "hello"),
        Get(BlobOf("hello")).With("Range", "bytes=0-3,2-4").Gives(200).Says("hello")}},
      {"blob.range-416",
       "several ranges and none of the blob",
       {HaveBlob("app/web", "hello"), Get(BlobOf("hello"))
                                          .With("Range", "bytes=5-,9-12")
                                          .Refused(416, "RANGE_INVALID")
                                          .Has("Content-Range", "bytes */5")}},
  };
  return kRows;
}

const std::vector<Row>& ManifestMannerRows() {
  constexpr auto kSparse = With<&Personality::sparse_manifests, Children::kDangling>;
  constexpr auto kNoDeletes = With<&Personality::delete_manifests, ManifestDelete::kDisabled>;
  static const std::vector<Row> kRows = {
      {"put.413",
       "a manifest of 4 MiB is taken and one byte more is not",
       {HaveImage("app/web", "v1"),
        Put(TaggedAs("v2"))
            .Making([] { return ImageOfSize(kFourMebibytes); }, kOciManifest)
            .Gives(201),
        Put(TaggedAs("v3"))
            .Making([] { return ImageOfSize(kFourMebibytes + 1); }, kOciManifest)
            .Refused(413, "SIZE_INVALID")
            .Says("*larger than the registry accepts*\"limit\":\"4194304\"*"),
        Get(TaggedAs("v3")).Refused(404, "MANIFEST_UNKNOWN")}},
      {"put.sparse",
       "an image without its blobs",
       {Put(TaggedAs("v1")).Sending(Image(), kOciManifest).Gives(201),
        Get(TaggedAs("v1")).Gives(200).Says(Image()), Head(BlobOf("layer")).Gives(404)},
       kSparse},
      {"put.sparse",
       "an index without its manifests",
       {Put(TaggedAs("v1"))
            .Sending(Concat({R"({"schemaVersion":2,"mediaType":")", kOciIndex, R"(","manifests":[)",
                             DescriptorJson(kOciManifest, Image()), "]}"}),
                     kOciIndex)
            .Gives(201),
        Get(Digested(Image())).Refused(404, "MANIFEST_UNKNOWN")},
       kSparse},
      {"put.sparse",
       "a sparse image still has to be right where it can be seen",
       {HaveBlob("app/web", "layer"),
        Put(TaggedAs("v1"))
            .Sending(ReplaceAll(Image(), R"("size":5)", R"("size":6)"), kOciManifest)
            .Refused(400, "SIZE_INVALID"),
        Put(TaggedAs("v1")).Sending("{}", kOciManifest).Refused(400, "MANIFEST_INVALID")},
       kSparse},
      {"put.data",
       "data of other bytes",
       {HaveImage("app/web", "v1"),
        Put(TaggedAs("v2"))
            .Sending(WithData(Concat({"\"", Base64("confix"), "\""})), kOciManifest)
            .Refused(400, "MANIFEST_INVALID")
            .Says("*/config/data*")}},
      {"put.data",
       "data of another size",
       {HaveImage("app/web", "v1"),
        Put(TaggedAs("v2"))
            .Sending(WithData(Concat({"\"", Base64("config!"), "\""})), kOciManifest)
            .Refused(400, "MANIFEST_INVALID")}},
      {"put.data",
       "data that is no base64, no text, or not padded",
       {HaveImage("app/web", "v1"),
        Put(TaggedAs("v2"))
            .Sending(WithData(R"("###")"), kOciManifest)
            .Refused(400, "MANIFEST_INVALID"),
        Put(TaggedAs("v2")).Sending(WithData("7"), kOciManifest).Refused(400, "MANIFEST_INVALID"),
        Put(TaggedAs("v2")).Sending(WithData(R"("Y29uZmln")"), kOciManifest).Gives(201)}},
      {"put.tags-ten",
       "ten tags in one request, each told",
       {HaveImage("app/web", "v1"),
        Put(Digested(Image()) + "?tag=a&tag=b&tag=c&tag=d&tag=e&tag=f&tag=g&tag=h&tag=i&tag=j")
            .Sending(Image(), kOciManifest)
            .Gives(201)
            .Has("OCI-Tag", "a"),
        Get(TaggedAs("j")).Gives(200),
        Get(At("tags/list?n=3")).Gives(200).Says(R"({"name":"app/web","tags":["a","b","c"]})")}},
      {"put.tags",
       "a registry that takes no tags in the query tells of none",
       {HaveImage("app/web", "v1"),
        Put(Digested(Image()) + "?tag=a")
            .Sending(Image(), kOciManifest)
            .Gives(201)
            .Lacks("OCI-Tag"),
        Get(TaggedAs("a")).Refused(404, "MANIFEST_UNKNOWN")},
       With<&Personality::tag_parameters, false>},
      {"put.tags",
       "the same tag twice in the query",
       {HaveImage("app/web", "v1"),
        Put(Digested(Image()) + "?tag=a&tag=a").Sending(Image(), kOciManifest).Gives(201),
        Get(At("tags/list")).Gives(200).Says(R"({"name":"app/web","tags":["a","v1"]})")}},
      {"delete.manifest-disabled",
       "a registry that deletes no manifests",
       {HaveImage("app/web", "v1"), Delete(Digested(Image())).Refused(405, "UNSUPPORTED"),
        Get(TaggedAs("v1")).Gives(200)},
       kNoDeletes},
      {"delete.manifest-404",
       "deleting from a repository nobody knows",
       {Delete(At("manifests/" + Sha256("x"), "no/such")).Refused(404, "MANIFEST_UNKNOWN"),
        Delete(At("manifests/v1", "no/such")).Refused(404, "MANIFEST_UNKNOWN")}},
      {"delete.manifest",
       "deleting an index leaves its manifests, and deleting a manifest its blobs",
       {HaveImage("app/web", "v1"), Delete(Digested(Image())).Gives(202),
        Head(BlobOf("layer")).Gives(200), Head(BlobOf("config")).Gives(200)}},
      {"delete.manifest",
       "what was deleted can be pushed again",
       {HaveImage("app/web", "v1"), Delete(Digested(Image())).Gives(202),
        Put(TaggedAs("v1")).Sending(Image(), kOciManifest).Gives(201),
        Get(TaggedAs("v1")).Gives(200)}},
      {"delete.tag",
       "deleting a tag twice",
       {HaveImage("app/web", "v1"), Delete(TaggedAs("v1")).Gives(202),
        Delete(TaggedAs("v1")).Refused(404, "MANIFEST_UNKNOWN")}},
      {"delete.blob",
       "a manifest outlives the blob that was deleted",
       {HaveImage("app/web", "v1"), Delete(BlobOf("layer")).Gives(202),
        Get(TaggedAs("v1")).Gives(200).Says(Image()), Head(BlobOf("layer")).Gives(404),
        Put(TaggedAs("v2")).Sending(Image(), kOciManifest).Refused(400, "MANIFEST_BLOB_UNKNOWN")}},
  };
  return kRows;
}

const std::vector<Row>& ReferrerRows() {
  const std::vector<std::string> three = InOrder({Referrer(1), Referrer(2), Referrer(3)});
  const std::string next = Concat({ReferrersOf(Image()), "?last=", three[1]});
  const std::string typed = "application/x.other";
  const std::vector<std::string> others =
      InOrder({Referrer(4, typed), Referrer(5, typed), Referrer(6, typed)});
  const std::string long_type = "application/" + std::string(1500, 'x');
  const std::vector<std::string> long_ones =
      InOrder({Referrer(1, long_type), Referrer(2, long_type)});
  const std::string typed_list = Concat({ReferrersOf(Image()), "?artifactType=", typed});
  const std::string index =
      Concat({R"({"schemaVersion":2,"mediaType":")", kOciIndex, R"(","manifests":[],"subject":)",
              DescriptorJson(kOciManifest, Image()), "}"});
  const std::string fallback = Concat({"sha256-", Sha256(Image()).substr(7)});
  const std::string list =
      Concat({R"({"schemaVersion":2,"mediaType":")", kOciIndex, R"(","manifests":[)",
              DescriptorJson(kOciManifest, Referrer(1)), "]}"});
  static const std::vector<Row> kRows = {
      {"referrers.link",
       "more referrers than one page holds",
       {HaveImage("app/web", "v1"), PutReferrer(Referrer(1)), PutReferrer(Referrer(2)),
        PutReferrer(Referrer(3)),
        Get(ReferrersOf(Image()))
            .Gives(200)
            .Says(Concat({"*", three[0], "*", three[1], "*"}))
            .Has("Link", Concat({"<", next, ">; rel=\"next\""})),
        Get(next).Gives(200).Says(Concat({"*\"manifests\":[{*", three[2], "*}]}"})).Lacks("Link")},
       TwoReferrersAPage},
      {"referrers.link",
       "a page that ends with the last referrer",
       {HaveImage("app/web", "v1"), PutReferrer(Referrer(1)), PutReferrer(Referrer(2)),
        Get(ReferrersOf(Image())).Gives(200).Lacks("Link")},
       TwoReferrersAPage},
      {"referrers.link",
       "the pages of a filter keep the filter",
       {HaveImage("app/web", "v1"), PutReferrer(Referrer(1)), PutReferrer(Referrer(4, typed)),
        PutReferrer(Referrer(5, typed)), PutReferrer(Referrer(6, typed)),
        Get(typed_list)
            .Gives(200)
            .Has("OCI-Filters-Applied", "artifactType")
            .Has("Link", Concat({"<", typed_list, "&last=", others[1], ">; rel=\"next\""})),
        Get(Concat({typed_list, "&last=", others[1]}))
            .Gives(200)
            .Says(Concat({"*\"manifests\":[{*", others[2], "*}]}"}))
            .Lacks("Link")},
       TwoReferrersAPage},
      {"referrers.link",
       "a page is no larger than a manifest may be",
       {HaveImage("app/web", "v1"), PutReferrer(Referrer(1, long_type)),
        PutReferrer(Referrer(2, long_type)),
        Get(ReferrersOf(Image()))
            .Gives(200)
            .Says(Concat({"*\"manifests\":[{*", long_ones[0], "*}]}"}))
            .Has("Link", Concat({"*last=", long_ones[0], ">; rel=\"next\""})),
        Get(Concat({ReferrersOf(Image()), "?last=", long_ones[0]}))
            .Gives(200)
            .Says(Concat({"*\"manifests\":[{*", long_ones[1], "*}]}"}))
            .Lacks("Link")},
       [] {
         Personality personality = AnonymousPersonality();
         personality.limits.manifest_bytes = 3000;
         return personality;
       }},
      {"referrers.400",
       "a page behind what is no digest",
       {Get(ReferrersOf("x") + "?last=x").Refused(400, "DIGEST_INVALID")}},
      {"referrers.type",
       "an index without artifactType has none in the list",
       {HaveImage("app/web", "v1"),
        Put(Digested(index))
            .Sending(index, kOciIndex)
            .Gives(201)
            .Has("OCI-Subject", Sha256(Image())),
        Get(ReferrersOf(Image()))
            .Gives(200)
            .Says(Concat({R"(*"manifests":[{"mediaType":")", kOciIndex, R"(","digest":")",
                          Sha256(index), R"(","size":)", std::to_string(index.size()), "}]}"}))}},
      {"referrers.listed",
       "referrers of the same digest in another repository are not listed",
       {HaveImage("app/web", "v1"), PutReferrer(Referrer(1)),
        Get(At("referrers/" + Sha256(Image()), "app/other"))
            .Gives(200)
            .Says("*\"manifests\":[]}")}},
      {"referrers.listed",
       "referrers stay when their subject is deleted",
       {HaveImage("app/web", "v1"), PutReferrer(Referrer(1)), Delete(Digested(Image())).Gives(202),
        Get(ReferrersOf(Image())).Gives(200).Says("*" + Sha256(Referrer(1)) + "*")}},
      {"referrers.listed",
       "a subject under its sha512 digest",
       {HaveBlob("app/web", "config"), HaveBlob("app/web", "layer"),
        PutReferrer(ReplaceAll(Referrer(1), Sha256(Image()),
                               Digest::Of(Image(), DigestAlgorithm::kSha512).ToString())),
        Get(At("referrers/" + Digest::Of(Image(), DigestAlgorithm::kSha512).ToString()))
            .Gives(200)
            .Says("*\"manifests\":[{*}]}"),
        Get(ReferrersOf(Image())).Gives(200).Says("*\"manifests\":[]}")}},
      {"referrers.tag",
       "without the API the fallback tag is a tag like any other",
       {HaveImage("app/web", "v1"), Get(ReferrersOf(Image())).Gives(404),
        PutReferrer(Referrer(1)).Lacks("OCI-Subject"),
        Get(TaggedAs(fallback)).Refused(404, "MANIFEST_UNKNOWN"),
        Put(TaggedAs(fallback)).Sending(list, kOciIndex).Gives(201),
        Get(TaggedAs(fallback)).Gives(200).Says(list),
        Get(At("tags/list"))
            .Gives(200)
            .Says(Concat({R"({"name":"app/web","tags":[")", fallback, R"(","v1"]})"}))},
       With<&Personality::referrers, false>},
      {"referrers.tag",
       "with the API what stands under a fallback tag is listed once",
       {HaveImage("app/web", "v1"), PutReferrer(Referrer(1)),
        Put(TaggedAs(fallback)).Sending(list, kOciIndex).Gives(201),
        Get(ReferrersOf(Image()))
            .Gives(200)
            .Says(Concat({"*\"manifests\":[{*", Sha256(Referrer(1)), "*}]}"}))}},
  };
  return kRows;
}

}  // namespace

const std::vector<Row>& MannerRows() {
  static const std::vector<Row> kRows = [] {
    std::vector<Row> rows;
    for (const auto* more : {&ConditionRows(), &ManifestMannerRows(), &ReferrerRows()}) {
      rows.insert(rows.end(), more->begin(), more->end());
    }
    return rows;
  }();
  return kRows;
}

}  // namespace drydock::simulator
