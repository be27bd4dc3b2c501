// A registry with its token service in a world of their own, and a client to ask them: for tests of
// rules that change how a registry treats an exchange.
// Threads: as the world's. Source: simulator/world/internet.h, simulator/registry/registry.h.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/json.h"
#include "core/text.h"
#include "simulator/faults/read_rules.h"
#include "simulator/registry/personalities.h"
#include "simulator/registry/registry.h"
#include "simulator/registry/token_service.h"
#include "simulator/registry/traits.h"
#include "simulator/world/internet.h"
#include "simulator/world/world.h"

namespace drydock::simulator {

class SmallHub {
 public:
  static constexpr std::string_view kHost = "registry.example";
  static constexpr std::string_view kTokenHost = "auth.example";

  explicit SmallHub(std::string_view rules = "", Personality personality = AnonymousPersonality())
      : faults_(Read(rules), 1),
        registry_(std::string(kHost), std::move(personality), world_.clock(), Rng(1), journal_,
                  "secret"),
        tokens_({TokenRule{}, "secret", {{"joakimp", "password"}}, {}}, registry_.store(),
                world_.clock(), Rng(2)),
        net_(world_.clock(), journal_, faults_) {
    registry_.Admit({{"joakimp", "password"}});
    net_.Attach(std::string(kHost), registry_);
    net_.Attach(std::string(kTokenHost), tokens_);
    transport_ = net_.Connect(world_, "203.0.113.7", "ci");
  }

  // The answer; status 0 when there was none.
  Response Ask(std::string_view method, std::string_view path, std::string body = "",
               Headers headers = {}) {
    return AskAt(kHost, method, path, std::move(body), std::move(headers));
  }
  Response AskAt(std::string_view host, std::string_view method, std::string_view path,
                 std::string body = "", Headers headers = {}) {
    Request request;
    request.method = method;
    request.url = *Url::Parse(Concat({"https://", host, path}));
    request.headers = std::move(headers);
    request.body = Body::FromString(std::move(body));
    auto response = transport_->Send(std::move(request), kNoDeadline);
    if (!response) {
      Response none;
      none.status = 0;
      return none;
    }
    return std::move(*response);
  }
  static std::string Text(Response response) {
    auto text = ReadAll(response.body, 1 << 20);
    return text ? *text : text.error().message();
  }

  // An open upload's path.
  std::string Open(std::string_view repository = "a/b") {
    return Path(Ask("POST", Concat({"/v2/", repository, "/blobs/uploads/"})));
  }
  // The path of an answer's Location.
  static std::string Path(const Response& response) {
    const std::string location(response.headers.Get("Location"));
    const auto url = Url::Parse(location);
    return url ? url->Target() : location;
  }
  static std::string With(const std::string& path, std::string_view query) {
    return Concat({path, path.find('?') == std::string::npos ? "?" : "&", query});
  }
  int Commit(const std::string& path, const std::string& body, std::string_view digest_of) {
    return Ask("PUT", With(path, "digest=" + Digest::Of(digest_of).ToString()), body).status;
  }
  int PushBlob(const std::string& bytes) { return Commit(Open(), bytes, bytes); }
  static std::string BlobPath(std::string_view bytes) {
    return Concat({"/v2/a/b/blobs/", Digest::Of(bytes).ToString()});
  }
  static std::string Index(std::string_view note, std::string_view entries = "") {
    return Concat({R"({"schemaVersion":2,"mediaType":)"
                   R"("application/vnd.oci.image.index.v1+json","manifests":[)",
                   entries, R"(],"annotations":{"note":")", note, "\"}}"});
  }
  Response PutIndex(std::string_view reference, std::string manifest) {
    return Ask("PUT", Concat({"/v2/a/b/manifests/", reference}), std::move(manifest),
               {{"Content-Type", "application/vnd.oci.image.index.v1+json"}});
  }
  // What a tag names as a client sees it: the note of an Index, or the status.
  std::string NoteOf(std::string_view reference) {
    Response response = Ask("GET", Concat({"/v2/a/b/manifests/", reference}));
    const int status = response.status;
    const auto json = json::Parse(Text(std::move(response)), "manifest");
    const json::Value* note = json && status == 200 ? json->At("/annotations/note") : nullptr;
    return note != nullptr ? *note->as_string() : std::to_string(status);
  }
  void Wait(Duration span) { ASSERT_TRUE(world_.clock().SleepFor(span).ok()); }
  RuleCount Count(std::size_t rule = 0) const { return faults_.Counts()[rule]; }
  FaultState& faults() { return faults_; }
  Registry& registry() { return registry_; }
  const Journal& journal() const { return journal_; }
  World& world() { return world_; }

 private:
  static std::vector<FaultRule> Read(std::string_view rules) {
    auto read = ParseFaultFile(Concat({"{\"faults\": [", rules, "]}"}), "f.json");
    EXPECT_TRUE(read.ok()) << (read ? "" : read.error().message());
    return read ? std::move(*read) : std::vector<FaultRule>();
  }

  World world_{1, *ParseRfc3339("2026-05-28T06:00:00Z")};
  Journal journal_{world_.clock()};
  FaultState faults_;
  Registry registry_;
  TokenService tokens_;
  Internet net_;
  std::unique_ptr<Transport> transport_;
};

}  // namespace drydock::simulator
