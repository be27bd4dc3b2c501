// Bearer tokens: challenges, scopes, expiry, and the token service itself.
#include <gtest/gtest.h>

#include "core/media_type.h"
#include "core/text.h"
#include "tests/conformance/row.h"

namespace drydock::simulator {
namespace {

const std::string kMine = "joakimp/web";
const std::string kPull = "repository:joakimp/web:pull";
const std::string kPush = "repository:joakimp/web:pull,push";
const std::string kTokens = "https://auth.docker.io/token?service=registry.docker.io";

std::string Challenge(std::string_view rest = "") {
  return Concat(
      {"Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\"", rest});
}

std::string Asks(std::string_view scopes, std::string_view error = "") {
  return Challenge(
      Concat({",scope=\"", scopes, "\"", error.empty() ? "" : Concat({",error=\"", error, "\""})}));
}

std::string Basic(std::string_view credentials) { return "Basic " + Base64(credentials); }

std::string Tag(std::string_view repository = kMine) { return At("manifests/v1", repository); }
std::string Uploads(std::string_view repository = kMine) {
  return At("blobs/uploads/", repository);
}

}  // namespace

const std::vector<Row>& AuthRows() {
  static const std::vector<Row> kRows = {
      {"ping.auth",
       "ping without a token names realm and service and no scope",
       {Get("/v2/").Refused(401, "UNAUTHORIZED").Has("WWW-Authenticate", Challenge())},
       DockerHubPersonality},
      {"ping.auth",
       "ping with a token of no scope",
       {Get("/v2/").As("none").Gives(200), Get("/v2/").AsAnybody("none").Gives(200)},
       DockerHubPersonality},
      {"hub.challenge",
       "a pull asks for pull",
       {HaveImage(kMine, "v1"),
        Get(Tag()).Refused(401, "UNAUTHORIZED").Has("WWW-Authenticate", Asks(kPull)),
        Head(Tag()).Gives(401).Has("WWW-Authenticate", Asks(kPull)),
        Get(At("tags/list", kMine))
            .Refused(401, "UNAUTHORIZED")
            .Has("WWW-Authenticate", Asks(kPull))},
       DockerHubPersonality},
      {"hub.pull",
       "anybody pulls what is public",
       {HaveImage(kMine, "v1"), Get(Tag()).AsAnybody(kPull).Gives(200).Says(Image())},
       DockerHubPersonality},
      {"hub.private",
       "nobody but the owner pulls what is private",
       {HaveImage("joakimp/private", "v1"),
        Get(Tag("joakimp/private"))
            .AsAnybody("repository:joakimp/private:pull")
            .Refused(401, "UNAUTHORIZED")
            .Has("WWW-Authenticate", Asks("repository:joakimp/private:pull", "insufficient_scope")),
        Get(Tag("joakimp/private")).As("repository:joakimp/private:pull").Gives(200)},
       DockerHubPersonality},
      {"hub.private",
       "what is not there looks like what is private",
       {Get(Tag("other/gone"))
            .AsAnybody("repository:other/gone:pull")
            .Refused(401, "UNAUTHORIZED")
            .Has("WWW-Authenticate", "*insufficient_scope*"),
        Get(Tag()).As(kPull).Refused(404, "MANIFEST_UNKNOWN")},
       DockerHubPersonality},
      {"hub.challenge",
       "a push asks for pull and push",
       {Post(Uploads()).Refused(401, "UNAUTHORIZED").Has("WWW-Authenticate", Asks(kPush)),
        Put(Tag())
            .Sending(Image())
            .Refused(401, "UNAUTHORIZED")
            .Has("WWW-Authenticate", Asks(kPush))},
       DockerHubPersonality},
      {"hub.push",
       "the owner pushes, creating the repository",
       {Post(Uploads()).As(kPush).Gives(202),
        Put("{location}&digest=" + Sha256("layer")).As(kPush).Sending("layer").Gives(201),
        Head(At("blobs/" + Sha256("layer"), kMine)).As(kPull).Gives(200)},
       DockerHubPersonality},
      {"hub.push",
       "a token that only pulls does not push",
       {Post(Uploads())
            .As(kPull)
            .Refused(401, "UNAUTHORIZED")
            .Has("WWW-Authenticate", Asks(kPush, "insufficient_scope"))},
       DockerHubPersonality},
      {"hub.push",
       "anybody does not push, though the token service answered 200",
       {HaveImage(kMine, "v1"), Post(Uploads()).AsAnybody(kPush).Refused(401, "UNAUTHORIZED")},
       DockerHubPersonality},
      {"hub.push",
       "nobody pushes into another's namespace",
       {HaveImage("other/web", "v1"),
        Post(Uploads("other/web"))
            .As("repository:other/web:pull,push")
            .Refused(401, "UNAUTHORIZED"),
        Get(Tag("other/web")).As("repository:other/web:pull,push").Gives(200)},
       DockerHubPersonality},
      {"hub.library",
       "official images are pulled as library and pushed by nobody",
       {HaveImage("library/alpine", "v1"),
        Get(Tag("library/alpine")).AsAnybody("repository:library/alpine:pull").Gives(200),
        Post(Uploads("library/alpine"))
            .As("repository:library/alpine:pull,push")
            .Refused(401, "UNAUTHORIZED"),
        HaveImage("alpine", "v1"),
        Get(Tag("alpine")).AsAnybody("repository:alpine:pull").Refused(401, "UNAUTHORIZED"),
        HaveImage("joakimp/a/b", "v1"),
        Get(Tag("joakimp/a/b")).As("repository:joakimp/a/b:pull").Refused(401, "UNAUTHORIZED")},
       DockerHubPersonality},
      {"token.life",
       "a token lives five minutes",
       {HaveImage(kMine, "v1"), Step([](Bench& bench) {
          const std::string token = bench.Token(kPull);
          const auto status = [&] {
            return bench.Send("GET", Tag(), {{"Authorization", token}}).status;
          };
          EXPECT_EQ(status(), 200);
          EXPECT_TRUE(bench.clock.SleepFor(std::chrono::seconds(299)).ok());
          EXPECT_EQ(status(), 200);
          EXPECT_TRUE(bench.clock.SleepFor(std::chrono::seconds(1)).ok());
          EXPECT_EQ(status(), 401);
          EXPECT_EQ(
              bench.Send("GET", Tag(), {{"Authorization", token}}).headers.Get("WWW-Authenticate"),
              Asks(kPull, "invalid_token"));
        })},
       DockerHubPersonality},
      {"token.life",
       "a token that is none of ours",
       {HaveImage(kMine, "v1"),
        Get(Tag())
            .With("Authorization", "Bearer e30.e30.AAAA")
            .Refused(401, "UNAUTHORIZED")
            .Has("WWW-Authenticate", Asks(kPull, "invalid_token")),
        Get(Tag()).With("Authorization", "Bearer").Refused(401, "UNAUTHORIZED"),
        Get(Tag())
            .With("Authorization", Basic("joakimp:secret"))
            .Refused(401, "UNAUTHORIZED")
            .Has("WWW-Authenticate", Asks(kPull))},
       DockerHubPersonality},
      {"token.scopes",
       "several scopes in one token",
       {HaveImage(kMine, "v1"), HaveImage("joakimp/base", "v1"),
        Get(Tag()).As(kPush + " repository:joakimp/base:pull").Gives(200),
        Get(Tag("joakimp/base")).As(kPush + " repository:joakimp/base:pull").Gives(200)},
       DockerHubPersonality},
      {"hub.mount",
       "a mount asks for both repositories",
       {HaveBlob("joakimp/base", "layer"),
        Post(Uploads() + "?mount=" + Sha256("layer") + "&from=joakimp/base")
            .As(kPush)
            .Refused(401, "UNAUTHORIZED")
            .Has("WWW-Authenticate",
                 Asks(kPush + " repository:joakimp/base:pull", "insufficient_scope")),
        Post(Uploads() + "?mount=" + Sha256("layer") + "&from=joakimp/base")
            .As(kPush + " repository:joakimp/base:pull")
            .Gives(201)},
       DockerHubPersonality},
      {"hub.mount",
       "a mount without from takes from what the token may read",
       {HaveBlob("other/base", "layer"),
        Post(Uploads() + "?mount=" + Sha256("layer")).As(kPush).Gives(202),
        Post(Uploads() + "?mount=" + Sha256("layer"))
            .As(kPush + " repository:other/base:pull")
            .Gives(201)},
       StrictPersonality},
      {"hub.delete",
       "a delete asks for delete",
       {HaveImage(kMine, "v1"),
        Delete(Tag())
            .As(kPush)
            .Refused(401, "UNAUTHORIZED")
            .Has("WWW-Authenticate", Asks("repository:joakimp/web:delete", "insufficient_scope"))},
       DockerHubPersonality},
      {"hub.delete",
       "all actions at once, as skopeo asks before a delete",
       {HaveImage(kMine, "v1"),
        Step([](Bench& bench) { bench.registry.store().DeleteTag(kMine, "v1"); }),
        Delete(At("manifests/" + Sha256(Image()), kMine)).As("repository:joakimp/web:*").Gives(202),
        HaveImage("other/web", "v1"), Get(Tag("other/web")).As("repository:other/web:*").Gives(200),
        Post(Uploads("other/web")).As("repository:other/web:*").Refused(401, "UNAUTHORIZED")},
       DockerHubPersonality},
      {"hub.catalog",
       "nobody reads the catalog",
       {Get("/v2/_catalog")
            .As("registry:catalog:*")
            .Refused(401, "UNAUTHORIZED")
            .Has("WWW-Authenticate", Asks("registry:catalog:*", "insufficient_scope"))},
       DockerHubPersonality},
      {"ping.auth",
       "a realm on the origin the client asked",
       {Get("/v2/")
            .Refused(401, "UNAUTHORIZED")
            .Has("WWW-Authenticate",
                 "Bearer realm=\"https://registry-1.docker.io/token\",service=\"drydock\"")},
       StrictPersonality},
      {"hub.challenge",
       "the challenge quotes no quotes",
       {Get("/v2/a%22b/manifests/v1")
            .Refused(401, "UNAUTHORIZED")
            .Has("WWW-Authenticate", Asks("repository:a%22b:pull"))},
       DockerHubPersonality},
      {"token.get",
       "an anonymous token",
       {Get(kTokens + "&scope=" + kPull)
            .Gives(200)
            .Has("Content-Type", "application/json*")
            .Says("{\"token\":\"*.*.*\",\"access_token\":\"*\",\"expires_in\":300,"
                  "\"issued_at\":\"2026-05-28T06:00:00Z\"}")},
       DockerHubPersonality},
      {"token.get",
       "Basic, with the parameters docker sends",
       {Get(kTokens + "&account=joakimp&client_id=docker&offline_token=true&scope=" + kPush)
            .With("Authorization", Basic("joakimp:secret"))
            .Gives(200)},
       DockerHubPersonality},
      {"token.refused",
       "a wrong password",
       {Get(kTokens)
            .With("Authorization", Basic("joakimp:wrong"))
            .Gives(401)
            .Says("{\"details\":\"incorrect username or password\"}"),
        Get(kTokens).With("Authorization", Basic("nobody:secret")).Gives(401),
        Get(kTokens).With("Authorization", "Basic ???").Gives(401)},
       DockerHubPersonality},
      {"token.post",
       "POST with a form, as BuildKit asks first",
       {Post("https://auth.docker.io/token")
            .Sending("grant_type=password&service=registry.docker.io&client_id=buildkit-client"
                     "&username=joakimp&password=secret&scope=repository%3Ajoakimp%2Fweb%3Apull+"
                     "repository%3Ajoakimp%2Fbase%3Apull",
                     "application/x-www-form-urlencoded")
            .Gives(200)
            .Says("*access_token*")},
       DockerHubPersonality},
      {"token.refused",
       "POST with a wrong password or another grant",
       {Post("https://auth.docker.io/token")
            .Sending("grant_type=password&username=joakimp&password=wrong")
            .Gives(401),
        Post("https://auth.docker.io/token")
            .Sending("grant_type=refresh_token&refresh_token=x")
            .Gives(401),
        Post("https://auth.docker.io/token").Sending("grant_type=authorization_code").Gives(400),
        Post("https://auth.docker.io/token").Gives(400)},
       DockerHubPersonality},
      {"token.refused",
       "a form without end",
       {Post("https://auth.docker.io/token").Sending(std::string(70000, 'x')).Gives(413),
        Post("https://auth.docker.io/token").Sending(std::string(70000, 'x')).Chunked().Gives(413)},
       DockerHubPersonality},
      {"token.refused",
       "another service",
       {Get("https://auth.docker.io/token?service=elsewhere").Gives(400)},
       DockerHubPersonality},
      {"token.scopes",
       "scopes that are none are left out",
       {Get(kTokens + "&scope=nonsense&scope=a:b&scope=" + kPull).Gives(200)},
       DockerHubPersonality},
      {"token.refused",
       "a method it has not",
       {Delete("https://auth.docker.io/token").Gives(405).Has("Allow", "GET, POST")},
       DockerHubPersonality},
  };
  return kRows;
}

}  // namespace drydock::simulator
