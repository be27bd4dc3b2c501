// What is particular to Docker Hub: its Locations, its limits, its refusals.
#include <gtest/gtest.h>

#include "core/media_type.h"
#include "core/text.h"
#include "tests/conformance/row.h"

namespace drydock::simulator {
namespace {

const std::string kMine = "joakimp/web";
const std::string kPush = "repository:joakimp/web:pull,push";
const std::string kDelete = "repository:joakimp/web:delete";
const std::string kUploads = At("blobs/uploads/", kMine);
const std::string kV1 = At("manifests/v1", kMine);
constexpr std::string_view kHost = "https://registry-1.docker.io";

Step Start() { return Post(kUploads).As(kPush).Gives(202); }

Step PullV1(std::string address) {
  return Get(kV1).AsAnybody("repository:joakimp/web:pull").From(std::move(address));
}

Personality FewPulls() {
  Personality personality = DockerHubPersonality();
  personality.pull_limit->anonymous = 2;
  return personality;
}

Personality OpenGitlab() {
  Personality personality = *FindPersonality("gitlab");
  personality.tokens.reset();
  return personality;
}

}  // namespace

const std::vector<Row>& HubRows() {
  static const std::vector<Row> kRows = {
      {"hub.location",
       "an absolute Location with state",
       {Post(kUploads).As(kPush).Gives(202).Has(
           "Location", Concat({kHost, "/v2/joakimp/web/blobs/uploads/*?_state=*"}))},
       DockerHubPersonality},
      {"hub.state",
       "the state decodes to JSON with the offset",
       {Start(), Step([](Bench& bench) {
          const std::string location =
              bench.StartUpload(kMine, {{"Authorization", bench.Token(kPush)}});
          const std::string text =
              FromBase64(location.substr(location.find("_state=") + 7)).value_or("");
          EXPECT_TRUE(
              GlobMatches("{\"Name\":\"joakimp/web\",\"UUID\":\"*\",\"Offset\":0,"
                          "\"StartedAt\":\"2026-05-28T06:00:00Z\"}",
                          text))
              << text;
        })},
       DockerHubPersonality},
      {"hub.state",
       "POST then PUT with the state kept and the digest behind it",
       {Start(), Put("{location}&digest=sha256%3A" + Sha256("hello").substr(7))
                     .As(kPush)
                     .Sending("hello")
                     .Gives(201)
                     .Has("Location", Concat({kHost, At("blobs/" + Sha256("hello"), kMine)}))},
       DockerHubPersonality},
      {"hub.state",
       "a Location that was followed already",
       {Start(), Patch("{location}").As(kPush).Sending("hel").Gives(202),
        Patch("{first}").As(kPush).Sending("lo").Refused(404, "BLOB_UPLOAD_UNKNOWN"),
        Put("{first}&digest=" + Sha256("hello"))
            .As(kPush)
            .Sending("lo")
            .Refused(404, "BLOB_UPLOAD_UNKNOWN"),
        Get("{first}").As(kPush).Gives(204).Has("Range", "0-2"),
        Patch("{location}").As(kPush).Sending("lo").Gives(202),
        Put("{location}&digest=" + Sha256("hello")).As(kPush).Gives(201)},
       DockerHubPersonality},
      {"hub.state",
       "a Location that lost its query",
       {Start(), Step([](Bench& bench) {
          const std::string session = bench.registry.OpenUploads()[0].session;
          EXPECT_EQ(bench
                        .Send("PATCH", kUploads + session, {{"Authorization", bench.Token(kPush)}},
                              "hello")
                        .Code(),
                    "BLOB_UPLOAD_UNKNOWN");
        })},
       DockerHubPersonality},
      {"hub.state",
       "a state that is another session's or no state at all",
       {Start(), Step([](Bench& bench) {
          const Headers token = {{"Authorization", bench.Token(kPush)}};
          const std::string other = bench.StartUpload(kMine, token);
          const std::string state = other.substr(other.find('?'));
          for (const OpenUpload& upload : bench.registry.OpenUploads()) {
            const bool own = other.find(upload.session) != std::string::npos;
            const auto patch = [&](std::string_view query) {
              return bench.Send("PATCH", Concat({kUploads, upload.session, query}), token, "x")
                  .status;
            };
            EXPECT_EQ(patch(state), own ? 202 : 404);
            EXPECT_EQ(patch("?_state=!"), 404);
          }
        })},
       DockerHubPersonality},
      {"hub.single-post",
       "a POST with a digest only opens a session",
       {Post(kUploads + "?digest=" + Sha256("hello")).As(kPush).Sending("hello").Gives(202)},
       DockerHubPersonality},
      {"hub.mount",
       "mount without from opens a session",
       {HaveBlob(kMine, "hello"),
        Post(kUploads + "?mount=" + Sha256("hello")).As(kPush).Gives(202)},
       DockerHubPersonality},
      {"hub.manifest",
       "a manifest of any type and without Content-Type",
       {HaveImage(kMine, "v1"), Put(kV1).As(kPush).Sending(Image()).Gives(201),
        Put(kV1).As(kPush).Sending("{}", "application/vnd.example+json").Gives(201),
        Put(kV1).As(kPush).Sending("{}").Refused(400, "MANIFEST_INVALID")},
       DockerHubPersonality},
      {"hub.limit",
       "pulls count down, HEAD does not",
       {HaveImage(kMine, "v1"),
        PullV1("127.0.1.7")
            .Gives(200)
            .Has("ratelimit-limit", "100;w=21600")
            .Has("ratelimit-remaining", "99;w=21600")
            .Has("docker-ratelimit-source", "127.0.1.7"),
        Head(kV1)
            .AsAnybody("repository:joakimp/web:pull")
            .From("127.0.1.7")
            .Gives(200)
            .Has("ratelimit-remaining", "99;w=21600"),
        PullV1("127.0.1.7").Gives(200).Has("ratelimit-remaining", "98;w=21600")},
       DockerHubPersonality},
      {"hub.limit",
       "a pull that finds nothing is free",
       {HaveImage(kMine, "v1"),
        Get(At("manifests/nope", kMine))
            .AsAnybody("repository:joakimp/web:pull")
            .From("127.0.1.7")
            .Refused(404, "MANIFEST_UNKNOWN"),
        PullV1("127.0.1.7").Gives(200).Has("ratelimit-remaining", "99;w=21600")},
       DockerHubPersonality},
      {"hub.limit",
       "an account has no limit to show",
       {HaveImage(kMine, "v1"),
        Get(kV1).As(kPush).Gives(200).Lacks("ratelimit-limit").Lacks("docker-ratelimit-source")},
       DockerHubPersonality},
      {"hub.limit",
       "the pull limit, by source, until its window is over",
       {HaveImage(kMine, "v1"), PullV1("127.0.1.7").Gives(200), PullV1("127.0.1.7").Gives(200),
        PullV1("127.0.1.7")
            .Refused(429, "TOOMANYREQUESTS")
            .Has("ratelimit-remaining", "0;w=21600")
            .Says("*reached your unauthenticated pull rate limit*"),
        PullV1("127.0.1.8").Gives(200), Get(kV1).As(kPush).From("127.0.1.7").Gives(200),
        Wait(std::chrono::hours(6)), PullV1("127.0.1.7").Gives(200)},
       FewPulls},
      {"delete.tag-disabled",
       "Hub deletes no tags",
       {HaveImage(kMine, "v1"), Delete(kV1).As(kDelete).Refused(405, "UNSUPPORTED"),
        Get(kV1).As(kPush).Gives(200)},
       DockerHubPersonality},
      {"hub.delete",
       "Hub deletes no manifest that a tag or an index names",
       {HaveImage(kMine, "v1"),
        Delete(At("manifests/" + Sha256(Image()), kMine)).As(kDelete).Refused(403, "DENIED"),
        Step([](Bench& bench) {
          Store& store = bench.registry.store();
          store.DeleteTag(kMine, "v1");
          store.PutManifest(kMine, media_type::kOciIndex,
                            Concat({R"({"schemaVersion":2,"manifests":[)",
                                    DescriptorJson(media_type::kOciManifest, Image()), "]}"}));
        }),
        Delete(At("manifests/" + Sha256(Image()), kMine)).As(kDelete).Refused(403, "DENIED")},
       DockerHubPersonality},
      {"hub.delete",
       "Hub deletes a manifest that nothing names",
       {HaveImage(kMine, "v1"),
        Step([](Bench& bench) { bench.registry.store().DeleteTag(kMine, "v1"); }),
        Delete(At("manifests/" + Sha256(Image()), kMine)).As(kDelete).Gives(202)},
       DockerHubPersonality},
      {"delete.blob-disabled",
       "Hub deletes no blobs",
       {HaveBlob(kMine, "hello"),
        Delete(At("blobs/" + Sha256("hello"), kMine)).As(kDelete).Refused(405, "UNSUPPORTED")},
       DockerHubPersonality},
      {"referrers.absent",
       "Hub has no referrers list",
       {HaveImage(kMine, "v1"), Get(At("referrers/" + Sha256(Image()), kMine))
                                    .As(kPush)
                                    .Gives(404)
                                    .Says("404 page not found\n")},
       DockerHubPersonality},
      {"hub.location",
       "the next page under an absolute address",
       {HaveTags(kMine, {"a", "b"}),
        Get(At("tags/list?n=1", kMine))
            .As(kPush)
            .Gives(200)
            .Has("Link",
                 Concat({"<", kHost, "/v2/joakimp/web/tags/list?last=a&n=1>; rel=\"next\""}))},
       DockerHubPersonality},
      {"hub.cdn",
       "a blob is read from the CDN, without credentials",
       {HaveBlob(kMine, "hello"),
        Get(At("blobs/" + Sha256("hello"), kMine))
            .As(kPush)
            .Gives(307)
            .Says("")
            .Has("Location", "https://production.cloudflare.docker.com/registry-v2/*")},
       DockerHubPersonality},
      {"gitlab.status",
       "an upload's status asked for with a state that is not the latest",
       {Post(At("blobs/uploads/")).Gives(202), Patch("{location}").Sending("hello").Gives(202),
        Get("{first}").Refused(404, "BLOB_UPLOAD_INVALID"),
        Get("{location}").Gives(204).Has("Range", "0-4")},
       OpenGitlab},
  };
  return kRows;
}

}  // namespace drydock::simulator
