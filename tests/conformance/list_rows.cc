// Lists: tags (end-8), referrers (end-12) and the catalog.
#include "core/media_type.h"
#include "core/text.h"
#include "tests/conformance/row.h"

namespace drydock::simulator {
namespace {

const std::string kTags = At("tags/list");

std::string Referrers(std::string_view bytes, std::string_view query = "") {
  return Concat({At("referrers/" + Sha256(bytes)), query});
}

std::string List(std::string_view quoted_tags) {
  return Concat({R"({"name":"app/web","tags":[)", quoted_tags, "]}"});
}

// An image over "config" and "layer" whose subject is the plain image.
std::string Signature(std::string_view more = "") {
  return ImageJson(
      "config", "layer",
      Concat({R"(,"subject":)", DescriptorJson(media_type::kOciManifest, Image()), more}));
}

std::string TypedSignature() {
  return Signature(R"(,"artifactType":"application/x.signature","annotations":{"by":"me"})");
}

Step PushSignature(const std::string& manifest) {
  return Put(At("manifests/" + Sha256(manifest)))
      .Sending(manifest, media_type::kOciManifest)
      .Gives(201);
}

Personality SmallPages() {
  Personality personality = AnonymousPersonality();
  personality.limits.page = 2;
  return personality;
}

}  // namespace

const std::vector<Row>& ListRows() {
  static const std::vector<Row> kRows = {
      {"tags.order",
       "tags in byte order",
       {HaveTags("app/web", {"v2", "latest", "V1", "v10", "1.0"}),
        Get(kTags)
            .Gives(200)
            .Has("Content-Type", "application/json*")
            .Says(List(R"("1.0","V1","latest","v10","v2")"))
            .Lacks("Link")}},
      {"tags.404", "a repository nobody knows", {Get(kTags).Refused(404, "NAME_UNKNOWN")}},
      {"tags.empty",
       "a repository with blobs and no tags",
       {HaveBlob("app/web", "hello"), Get(kTags).Gives(200).Says(List(""))}},
      {"tags.n",
       "a first page",
       {HaveTags("app/web", {"a", "b", "c"}),
        Get(kTags + "?n=2")
            .Gives(200)
            .Says(List(R"("a","b")"))
            .Has("Link", "</v2/app/web/tags/list?last=b&n=2>; rel=\"next\"")}},
      {"tags.last",
       "the page that Link names",
       {HaveTags("app/web", {"a", "b", "c"}),
        Get(kTags + "?last=b&n=2").Gives(200).Says(List(R"("c")")).Lacks("Link")}},
      {"tags.link",
       "a page that ends with the last tag",
       {HaveTags("app/web", {"a", "b"}),
        Get(kTags + "?n=2").Gives(200).Says(List(R"("a","b")")).Lacks("Link")}},
      {"tags.last",
       "last without n",
       {HaveTags("app/web", {"a", "b", "c"}),
        Get(kTags + "?last=a").Gives(200).Says(List(R"("b","c")"))}},
      {"tags.last",
       "last need not be there itself",
       {HaveTags("app/web", {"a", "c"}), Get(kTags + "?last=b").Gives(200).Says(List(R"("c")"))}},
      {"tags.last",
       "last behind everything",
       {HaveTags("app/web", {"a", "b"}),
        Get(kTags + "?last=x").Gives(200).Says(List("")).Lacks("Link")}},
      {"tags.zero",
       "n of zero",
       {HaveTags("app/web", {"a"}), Get(kTags + "?n=0").Gives(200).Says(List("")).Lacks("Link")}},
      {"tags.n",
       "n that is no number",
       {HaveTags("app/web", {"a"}), Get(kTags + "?n=x").Refused(400, "PAGINATION_NUMBER_INVALID"),
        Get(kTags + "?n=-1").Refused(400, "PAGINATION_NUMBER_INVALID")}},
      {"tags.link",
       "more tags than one page holds",
       {HaveTags("app/web", {"a", "b", "c"}),
        Get(kTags)
            .Gives(200)
            .Says(List(R"("a","b")"))
            .Has("Link", "</v2/app/web/tags/list?last=b&n=2>; rel=\"next\""),
        Get(kTags + "?n=1000").Gives(200).Says(List(R"("a","b")")).Has("Link", "*last=b*")},
       SmallPages},
      {"delete.tag",
       "a tag that is deleted leaves the list",
       {HaveTags("app/web", {"a", "b"}), Delete(At("manifests/a")).Gives(202),
        Get(kTags).Gives(200).Says(List(R"("b")"))}},
      {"tags.200",
       "a tag that is pushed enters the list",
       {HaveImage("app/web", "a"),
        Put(At("manifests/b")).Sending(Image(), media_type::kOciManifest).Gives(201),
        Get(kTags).Gives(200).Says(List(R"("a","b")"))}},
      {"name.grammar",
       "an invalid repository name",
       {Get("/v2/App/tags/list").Refused(400, "NAME_INVALID")}},
      {"http", "HEAD of the list", {Head(kTags).Gives(405).Has("Allow", "GET")}},
      {"referrers.empty",
       "referrers of a subject nobody refers to",
       {Get(Referrers("x"))
            .Gives(200)
            .Has("Content-Type", std::string(media_type::kOciIndex))
            .Says(R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json",)"
                  R"("manifests":[]})")
            .Lacks("OCI-Filters-Applied")}},
      {"referrers.copied",
       "a referrer shows its type and annotations",
       {HaveImage("app/web", "v1"), PushSignature(TypedSignature()),
        Get(Referrers(Image()))
            .Gives(200)
            .Says("*\"digest\":\"" + Sha256(TypedSignature()) +
                  "\"*\"artifactType\":"
                  "\"application/x.signature\",\"annotations\":{\"by\":\"me\"}*")}},
      {"referrers.type",
       "without artifactType the type of the config stands in",
       {HaveImage("app/web", "v1"), PushSignature(Signature()),
        Get(Referrers(Image()))
            .Gives(200)
            .Says("*\"artifactType\":\"application/vnd.oci.image.config.v1+json\"*")}},
      {"referrers.filter",
       "a filter on the type",
       {HaveImage("app/web", "v1"), PushSignature(TypedSignature()), PushSignature(Signature()),
        Get(Referrers(Image(), "?artifactType=application/x.signature"))
            .Gives(200)
            .Has("OCI-Filters-Applied", "artifactType")
            .Says("*\"manifests\":[{*" + Sha256(TypedSignature()) + "*}]}"),
        Get(Referrers(Image(), "?artifactType=application/x.other"))
            .Gives(200)
            .Says("*\"manifests\":[]}")}},
      {"referrers.listed",
       "a referrer pushed before its subject",
       {HaveBlob("app/web", "config"), HaveBlob("app/web", "layer"), PushSignature(Signature()),
        Get(Referrers(Image())).Gives(200).Says("*" + Sha256(Signature()) + "*")}},
      {"referrers.listed",
       "a deleted referrer leaves the list",
       {HaveImage("app/web", "v1"), PushSignature(Signature()),
        Delete(At("manifests/" + Sha256(Signature()))).Gives(202),
        Get(Referrers(Image())).Gives(200).Says("*\"manifests\":[]}")}},
      {"referrers.400",
       "a malformed digest",
       {Get(At("referrers/sha256:bad")).Refused(400, "DIGEST_INVALID")}},
      {"referrers.absent",
       "a registry without referrers",
       {Get(Referrers("x")).Gives(404).Says("404 page not found\n"), HaveBlob("app/web", "config"),
        HaveBlob("app/web", "layer"),
        Put(At("manifests/v1"))
            .Sending(Signature(), media_type::kOciManifest)
            .Gives(201)
            .Lacks("OCI-Subject")},
       [] {
         Personality personality = AnonymousPersonality();
         personality.referrers = false;
         return personality;
       }},
      {"catalog",
       "the catalog",
       {HaveBlob("app/web", "a"), HaveBlob("app/base", "a"),
        Get("/v2/_catalog").Gives(200).Says(R"({"repositories":["app/base","app/web"]})"),
        Get("/v2/_catalog?n=1")
            .Gives(200)
            .Says(R"({"repositories":["app/base"]})")
            .Has("Link", "</v2/_catalog?last=app/base&n=1>; rel=\"next\""),
        Get("/v2/_catalog?n=x").Refused(400, "PAGINATION_NUMBER_INVALID")}},
  };
  return kRows;
}

}  // namespace drydock::simulator
