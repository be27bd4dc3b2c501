// The registry client on a scripted transport, for its tests. Threads: one thread.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/media_type.h"
#include "core/text.h"
#include "publisher/registry/client.h"
#include "tests/unit/publisher/scripted_transport.h"

namespace drydock::publisher {

inline const std::string kManifest = R"({"schemaVersion":2,"mediaType":"x"})";
inline const Digest kDigest = Digest::Of(kManifest);
inline const Digest kOld = Digest::Of("old");
inline const Digest kForeign = Digest::Of("foreign");

inline ImageReference Ref(std::string_view text) { return *ImageReference::Parse(text); }
inline const ImageReference kTag = Ref("registry.test/a/b:v1");
inline const ImageReference kLatest = Ref("registry.test/a/b:latest");
inline const ImageReference kByDigest = Ref(Concat({"registry.test/a/b@", kDigest.ToString()}));

inline Headers Named(const Digest& digest) {
  return {{"Docker-Content-Digest", digest.ToString()},
          {"Content-Type", std::string(media_type::kOciIndex)}};
}

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() : client_(transport_, clock_, Rng(1), journal_, MakeOptions()) {}

  static RegistryClient::Options MakeOptions() {
    RegistryClient::Options options;
    options.credentials = {{"registry.test", {"me", "hunter2"}}, {"docker.io", {"me", "hunter2"}}};
    return options;
  }
  // Answers in order; each checks that it was asked for.
  void ThenNames(const Digest& digest) { transport_.Then(200, Named(digest)); }
  void ThenMissing() {
    transport_.Then(404);
    ThenRegistry(404, "MANIFEST_UNKNOWN");
  }
  void ThenManifest() { transport_.Then(200, Named(kDigest), kManifest); }
  void ThenRegistry(int status, const char* code) {
    transport_.Then([=](const Sent&) -> Result<Response> { return RegistryError(status, code); });
  }
  void ThenPage(int status, const Headers& headers = {}) {
    transport_.Then([=](const Sent&) -> Result<Response> { return HtmlPage(status, headers); });
  }
  void ThenChallenge(const char* more = "") {
    transport_.Then(
        401, {{"WWW-Authenticate",
               Concat({R"(Bearer realm="https://registry.test/token",service="r")", more})}});
  }
  void ThenToken(const char* token) {
    transport_.Then(200, {}, Concat({R"({"token":")", token, R"(","expires_in":300})"}));
  }
  // "HEAD latest", "PUT latest", "GET sha256:…" of all that was sent.
  std::vector<std::string> Steps() const {
    std::vector<std::string> steps;
    for (const Sent& sent : transport_.sent()) {
      steps.push_back(
          Concat({sent.method, " ",
                  std::string_view(sent.url.path).substr(sent.url.path.rfind('/') + 1)}));
    }
    return steps;
  }
  std::string JournalText() const { return journal_.ToJsonLines(); }

  ScriptedTransport transport_;
  FakeClock clock_;
  Journal journal_{clock_};
  RegistryClient client_;
};

}  // namespace drydock::publisher
