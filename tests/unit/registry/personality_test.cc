// The personalities and their traits: that the tables hold together, and that each trait does on
// the wire what it says.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "core/media_type.h"
#include "core/text.h"
#include "simulator/registry/personalities.h"
#include "simulator/registry/route.h"
#include "simulator/registry/traits.h"
#include "tests/unit/registry/bench.h"

namespace drydock::simulator {
namespace {

const std::string kUploads = "/v2/app/web/blobs/uploads/";
const std::string kManifest(media_type::kOciManifest);
const std::string kIndex(media_type::kOciIndex);

Personality With(const std::vector<std::pair<std::string, std::string>>& traits) {
  Personality personality = AnonymousPersonality();
  for (const auto& [name, value] : traits) {
    EXPECT_TRUE(SetTrait(personality, name, value)) << name << " " << value;
  }
  return personality;
}

std::string IndexOf(std::string_view entry) {
  return Concat({R"({"schemaVersion":2,"manifests":[)", entry, "]}"});
}

// The image over "config" and "layer" under `tag`.
BenchReply PutImage(Bench& bench, const std::string& tag, std::string_view more = "") {
  bench.registry.store().PutBlob("app/web", "config");
  bench.registry.store().PutBlob("app/web", "layer");
  return bench.Send("PUT", "/v2/app/web/manifests/" + tag, {{"Content-Type", kManifest}},
                    ImageJson("config", "layer", more));
}

BenchReply PutIndex(Bench& bench, std::string_view entry) {
  return bench.Send("PUT", "/v2/app/web/manifests/all", {{"Content-Type", kIndex}}, IndexOf(entry));
}

TEST(Traits, ReadBackWhatTheySay) {
  for (const std::string& name : PersonalityNames()) {
    const Personality personality = *FindPersonality(name);
    Personality copy = personality;
    for (const Trait& trait : Traits()) {
      const std::string value = trait.get(personality);
      if (value == "none" && trait.values.find("none") == std::string_view::npos) {
        continue;  // of a part that is not there
      }
      EXPECT_TRUE(trait.set(copy, value)) << name << ": " << trait.name << " " << value;
      EXPECT_EQ(trait.get(copy), value) << name << ": " << trait.name;
    }
  }
}

TEST(Traits, AreAboutOperationsThatExist) {
  for (const Trait& trait : Traits()) {
    const std::vector<std::string> operations = OperationsOf(trait);
    EXPECT_FALSE(operations.empty()) << trait.name;
    for (const std::string& glob : operations) {
      const auto rows = OperationRows();
      EXPECT_TRUE(glob == "token" || glob == "hub.tags" ||
                  std::any_of(rows.begin(), rows.end(),
                              [&](const auto& row) { return GlobMatches(glob, row.name); }))
          << trait.name << " " << glob;
    }
  }
  EXPECT_EQ(OperationsOf(*FindTrait("overwrite-refused")),
            std::vector<std::string>{"manifest.put"});
  EXPECT_EQ(OperationsOf(*FindTrait("token-life")), std::vector<std::string>{"token"});
}

TEST(Traits, AreNamedOnceAndTakeNoNonsense) {
  std::set<std::string_view> names;
  for (const Trait& trait : Traits()) {
    EXPECT_TRUE(names.insert(trait.name).second) << trait.name;
    EXPECT_EQ(FindTrait(trait.name), &trait);
    if (trait.values == "text" || trait.values == "URL, or a path" || trait.name == "cdn") {
      continue;
    }
    Personality personality = StrictPersonality();
    const std::string before = trait.get(personality);
    for (const std::string_view nonsense : {"", "perhaps", "-1", "1;w=0", "99999999999999999999"}) {
      if (trait.name.ends_with("-skew") && nonsense == "-1") {
        continue;  // a clock may be late
      }
      EXPECT_FALSE(trait.set(personality, nonsense)) << trait.name << " " << nonsense;
      EXPECT_EQ(trait.get(personality), before) << trait.name;
    }
  }
}

TEST(SetTrait, SaysWhatItDoesNotKnow) {
  Personality personality;
  EXPECT_EQ(SetTrait(personality, "delete-tag", "no").error().message(),
            "unknown trait \"delete-tag\"; did you mean delete-tags?");
  EXPECT_EQ(SetTrait(personality, "delete-tags", "perhaps").error().message(),
            "trait delete-tags: \"perhaps\" is none of: yes, no");
}

// Every difference is a quirk of the table with its source, and every quirk makes a difference.
TEST(Personalities, DifferFromStrictInTheirQuirksAlone) {
  for (const PersonalityRow& row : PersonalityRows()) {
    std::set<std::string_view> quirks;
    Personality made = StrictPersonality();
    for (const Quirk& quirk : row.quirks) {
      EXPECT_TRUE(SetTrait(made, quirk.trait, quirk.value)) << row.name << " " << quirk.trait;
      EXPECT_FALSE(quirk.source.empty()) << row.name << " " << quirk.trait;
      EXPECT_TRUE(quirks.insert(quirk.trait).second) << row.name << " " << quirk.trait;
      // "cdn-life" and its like come with the part they belong to.
    }
    for (const Difference& difference : DifferencesFromStrict(*FindPersonality(row.name))) {
      const bool part = difference.trait.starts_with("token-") || difference.trait == "cdn-life" ||
                        difference.trait == "refresh-tokens" ||
                        difference.trait == "pull-limit-account";
      EXPECT_TRUE(quirks.erase(difference.trait) == 1 || part)
          << row.name << " " << difference.trait;
    }
    EXPECT_TRUE(quirks.empty()) << row.name << " " << *quirks.begin();
  }
}

TEST(Personalities, AreElevenAndFoundByName) {
  EXPECT_EQ(PersonalityNames(),
            (std::vector<std::string>{"strict", "anonymous", "docker-hub", "distribution-2.8",
                                      "ghcr", "ecr", "gar", "quay", "gitlab", "harbor", "nexus"}));
  EXPECT_FALSE(FindPersonality("hub"));
}

TEST(Trait, ReadOnlyRefusesEveryWriteAndNoRead) {
  Bench bench(With({{"read-only", "DENIED"}}));
  bench.registry.store().PutBlob("app/web", "hello");
  EXPECT_EQ(bench.Send("POST", kUploads).Code(), "DENIED");
  EXPECT_EQ(PutImage(bench, "v1").status, 403);
  EXPECT_EQ(bench.Send("DELETE", "/v2/app/web/blobs/" + Sha256("hello")).status, 403);
  EXPECT_EQ(bench.Send("GET", "/v2/app/web/blobs/" + Sha256("hello")).status, 200);
}

TEST(Trait, RepositoriesMayHaveToBeThere) {
  Bench bench(With({{"create-repositories", "no"}}));
  EXPECT_EQ(bench.Send("POST", kUploads).Code(), "NAME_UNKNOWN");
  bench.registry.store().PutBlob("app/web", "hello");
  EXPECT_EQ(bench.Send("POST", kUploads).status, 202);
}

TEST(Trait, ChunkBytesLimitAPatch) {
  Bench bench(With({{"chunk-bytes", "4"}}));
  const std::string location = bench.StartUpload("app/web");
  const BenchReply refused = bench.Send("PATCH", location, {}, "hello");
  EXPECT_EQ(refused.status, 416);
  EXPECT_EQ(bench.Send("PATCH", location, {}, "hell").status, 202);
}

TEST(Trait, RangeRepliesCountAsTheySay) {
  const struct {
    std::string value;
    std::string second;  // after chunks of 3 and 2
  } kRows[] = {{"true", "0-4"}, {"frozen", "0-2"}, {"chunk-relative", "0-1"}, {"size", "0-5"}};
  for (const auto& row : kRows) {
    Bench bench(With({{"range-reply", row.value}}));
    const std::string location = bench.StartUpload("app/web");
    bench.Send("PATCH", location, {}, "hel");
    EXPECT_EQ(bench.Send("PATCH", location, {}, "lo").headers.Get("Range"), row.second);
    // Whatever was said, the bytes are there.
    EXPECT_EQ(bench.Send("PUT", WithDigest(location, Sha256("hello"))).status, 201) << row.value;
  }
}

TEST(Trait, AStatusMayWantTheLatestState) {
  Bench bench(With({{"upload-state", "yes"}, {"status-wants-state", "yes"}}));
  const std::string first = bench.StartUpload("app/web");
  const std::string latest(bench.Send("PATCH", first, {}, "hello").headers.Get("Location"));
  const BenchReply stale = bench.Send("GET", first);
  EXPECT_EQ(stale.status, 404);
  EXPECT_EQ(stale.Code(), "BLOB_UPLOAD_INVALID");
  EXPECT_EQ(bench.Send("GET", latest).status, 204);
}

TEST(Trait, AQuotaCountsTheBytesOfAllBlobs) {
  Bench bench(With({{"quota-bytes", "8"}}));
  EXPECT_EQ(
      bench.Send("PUT", WithDigest(bench.StartUpload("app/web"), Sha256("hello")), {}, "hello")
          .status,
      201);
  EXPECT_EQ(
      bench.Send("PUT", WithDigest(bench.StartUpload("app/web"), Sha256("world")), {}, "world")
          .Code(),
      "DENIED");
}

TEST(Trait, AMountMayOnlyOpenASession) {
  Bench bench(With({{"mount", "no"}}));
  bench.registry.store().PutBlob("app/base", "hello");
  EXPECT_EQ(bench.Send("POST", kUploads + "?from=app/base&mount=" + Sha256("hello")).status, 202);
}

TEST(Trait, AManifestsAnswerMayLackItsHeaders) {
  Bench bench(With({{"manifest-location", "no"}, {"digest-header", "not-on-put"}}));
  const BenchReply put = PutImage(bench, "v1");
  EXPECT_EQ(put.status, 201);
  EXPECT_FALSE(put.headers.Has("Location"));
  EXPECT_FALSE(put.headers.Has("Docker-Content-Digest"));
  EXPECT_TRUE(bench.Send("HEAD", "/v2/app/web/manifests/v1").headers.Has("Docker-Content-Digest"));
}

TEST(Trait, ATagsReadMayLackTheDigest) {
  Bench bench(With({{"digest-header", "not-on-tag-read"}}));
  const std::string digest(PutImage(bench, "v1").headers.Get("Docker-Content-Digest"));
  EXPECT_FALSE(digest.empty());
  EXPECT_FALSE(bench.Send("HEAD", "/v2/app/web/manifests/v1").headers.Has("Docker-Content-Digest"));
  EXPECT_TRUE(
      bench.Send("HEAD", "/v2/app/web/manifests/" + digest).headers.Has("Docker-Content-Digest"));
}

TEST(Trait, TagsMayBeImmutable) {
  Bench hub(With(
      {{"overwrite-refused", "DENIED"}, {"overwrite-message", "tag {tag} of {repository} stays"}}));
  EXPECT_EQ(PutImage(hub, "v1").status, 201);
  EXPECT_EQ(PutImage(hub, "v1").status, 201);  // the same digest
  const BenchReply moved = PutImage(hub, "v1", R"(,"annotations":{"a":"b"})");
  EXPECT_EQ(moved.status, 403);
  EXPECT_NE(moved.body.find("tag v1 of app/web stays"), std::string::npos) << moved.body;
  EXPECT_EQ(PutImage(hub, "v2", R"(,"annotations":{"a":"b"})").status, 201);

  Bench ecr(With({{"overwrite-refused", "TAG_INVALID"}, {"same-digest-allowed", "no"}}));
  EXPECT_EQ(PutImage(ecr, "v1").status, 201);
  const BenchReply again = PutImage(ecr, "v1");
  EXPECT_EQ(again.status, 400);
  EXPECT_EQ(again.Code(), "TAG_INVALID");
}

TEST(Trait, AnIndexMayHaveToNameManifestsWithPlatforms) {
  const std::string layer = DescriptorJson(media_type::kOciLayerGzip, "layer");
  for (const auto& [value, status] : std::vector<std::pair<std::string, int>>{
           {"none", 201}, {"MANIFEST_INVALID", 400}, {"MANIFEST_UNKNOWN", 404}}) {
    Bench bench(With({{"blob-entries-refused", value}}));
    bench.registry.store().PutBlob("app/web", "layer");
    EXPECT_EQ(PutIndex(bench, layer).status, status) << value;
  }
  Bench bench(With({{"platforms-required", "yes"}}));
  PutImage(bench, "v1");
  const std::string image = DescriptorJson(kManifest, ImageJson("config", "layer"));
  EXPECT_EQ(PutIndex(bench, image).Code(), "MANIFEST_INVALID");
  EXPECT_EQ(PutIndex(bench, Concat({image.substr(0, image.size() - 1),
                                    R"(,"platform":{"os":"linux","architecture":"arm64"}})"}))
                .status,
            201);
}

TEST(Trait, AManifestMayHaveToBeAnImage) {
  Bench bench(With({{"artifacts", "no"}, {"empty-layers", "no"}, {"docker-types", "no"}}));
  bench.registry.store().PutBlob("app/web", "config");
  const auto put = [&](std::string_view type, const std::string& config, const std::string& more) {
    return bench.Send("PUT", "/v2/app/web/manifests/v1", {{"Content-Type", std::string(type)}},
                      Concat({R"({"schemaVersion":2,"config":)", config, more, "}"}));
  };
  const std::string config = DescriptorJson(media_type::kOciConfig, "config");
  const std::string odd = DescriptorJson("application/vnd.example+json", "config");
  const std::string layers = Concat({R"(,"layers":[)", config, "]"});
  EXPECT_EQ(put(kManifest, odd, layers).Code(), "MANIFEST_INVALID");
  EXPECT_EQ(put(kManifest, config, R"(,"layers":[])").Code(), "MANIFEST_INVALID");
  EXPECT_EQ(put(media_type::kDockerManifest, config, layers).status, 415);
  EXPECT_EQ(put(kManifest, config, layers).status, 201);
}

TEST(Trait, ListsMayIgnorePagingOrNotLinkOn) {
  for (const auto& [trait, tags] : std::vector<std::pair<std::string, std::string>>{
           {"list-paging", R"(["a","b"])"}, {"list-link", R"(["a"])"}}) {
    Bench bench(With({{trait, "no"}}));
    PutImage(bench, "a");
    PutImage(bench, "b");
    const BenchReply list = bench.Send("GET", "/v2/app/web/tags/list?n=1");
    EXPECT_FALSE(list.headers.Has("Link")) << trait;
    EXPECT_NE(list.body.find(tags), std::string::npos) << list.body;
  }
}

TEST(Trait, TheEdgeCountsRequestsAndAnswersInPlainText) {
  Bench bench(With({{"request-limit", "2;w=60"}}));
  EXPECT_EQ(bench.Send("GET", "/v2/").status, 200);
  EXPECT_EQ(bench.Send("GET", "/anything").status, 404);
  const BenchReply refused = bench.Send("GET", "/v2/");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.body, "Too Many Requests (HAP429).\n");
  EXPECT_EQ(refused.headers.Get("Retry-After"), "60");
  EXPECT_EQ(refused.headers.Get("Content-Type"), "text/plain; charset=utf-8");
  ASSERT_TRUE(bench.clock.SleepFor(std::chrono::seconds(60)));
  EXPECT_EQ(bench.Send("GET", "/v2/").status, 200);
}

TEST(Trait, LimitsCountIpv6NetworksAsOneSource) {
  Bench bench(With({{"request-limit", "2;w=60"}}));
  const auto ping = [&](const char* address) {
    Ask ask{"GET", "/v2/"};
    ask.caller.address = address;
    return bench.Send(ask).status;
  };
  EXPECT_EQ(ping("2604:a880:400:d0::1"), 200);
  EXPECT_EQ(ping("2604:a880:400:d0::2"), 200);
  EXPECT_EQ(ping("2604:a880:400:d0::3"), 429);
  EXPECT_EQ(ping("2604:a880:400:d1::1"), 200);
}

TEST(Trait, BasicAsksForCredentialsEverywhere) {
  Bench bench(With({{"authentication", "basic"}}));
  bench.registry.Admit({{"joakimp", "secret", {{"pat", TokenPermission::kRead}}}});
  const BenchReply challenged = bench.Send("GET", "/v2/");
  EXPECT_EQ(challenged.status, 401);
  EXPECT_EQ(challenged.headers.Get("WWW-Authenticate"), "Basic realm=\"registry\"");
  const auto with = [](std::string_view credentials) {
    return Headers{{"Authorization", Concat({"Basic ", Base64(credentials)})}};
  };
  EXPECT_EQ(bench.Send("GET", "/v2/", with("joakimp:wrong")).status, 401);
  EXPECT_EQ(bench.Send("GET", "/v2/", with("joakimp")).status, 401);
  EXPECT_EQ(bench.Send("GET", "/v2/", with("joakimp:secret")).status, 200);
  EXPECT_EQ(bench.Send("POST", kUploads, with("joakimp:secret")).status, 202);
  // An access token takes rights away.
  EXPECT_EQ(bench.Send("GET", "/v2/", with("joakimp:pat")).status, 200);
  EXPECT_EQ(bench.Send("POST", kUploads, with("joakimp:pat")).Code(), "DENIED");
}

}  // namespace
}  // namespace drydock::simulator
