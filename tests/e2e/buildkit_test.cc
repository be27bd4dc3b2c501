// The real BuildKit (buildx 0.13, the BuildKit of docker 26.1 with the containerd image store) and
// its cache export, the step that broke on 2026-05-28. What it says must be what it said when it
// was captured (tests/captures/client-errors.jsonl, client "buildx").
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <memory>
#include <regex>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/text.h"
#include "tests/e2e/client_rows.h"
#include "tests/e2e/engine.h"
#include "tests/e2e/registry_access.h"

namespace drydock::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// Two layers, of which the image has one: mode=max exports both.
constexpr char kDockerfile[] =
    "FROM scratch AS first\n"
    "COPY one /one\n"
    "FROM scratch\n"
    "COPY --from=first /one /two\n";

struct CacheFault {
  Case what;
  const char* capture;
  const char* cache;  // where the cache is exported to
  const char* rule;
};

constexpr CacheFault kCacheFaults[] = {
    {Case::kCacheBlobRejected, "cache-to-separate-repo-put-400html", "acme/cache:one",
     R"("operation": "upload.commit", "repository": "acme/cache")"},
    {Case::kCacheManifestRejected, "400html-cache-manifest-put", "acme/one:buildcache",
     R"("operation": "manifest.put", "reference": "buildcache")"},
};

// A text without what differs from run to run and from machine to machine.
std::string Normal(std::string text, const std::string& host) {
  text = ReplaceAll(std::move(text), host, "registry.test");
  text = std::regex_replace(text, std::regex("https://"), "http://");
  text = std::regex_replace(text, std::regex("/v2/(app|acme)/"), "/v2/NAME/");
  text = std::regex_replace(text, std::regex("blobs/uploads/[^? ]+\\?([^ ]*&)?digest="),
                            "blobs/uploads/SESSION?digest=");
  return std::regex_replace(text, std::regex("[0-9a-f]{64}"), "HEX");
}

std::string CapturedText(std::string_view fault) {
  const std::string file = DRYDOCK_SOURCE_DIR "/tests/captures/client-errors.jsonl";
  for (const std::string& line : Split(ReadFile(file), '\n')) {
    const Result<json::Value> row = json::Parse(line, file);
    if (row && row->Text("client") == "buildx" && row->Text("fault") == fault) {
      return std::string(row->Text("error"));
    }
  }
  ADD_FAILURE() << file << " has no capture of " << fault;
  return "";
}

// The line of the output that says why it failed.
std::string ErrorOf(const std::string& said) {
  const std::vector<std::string> lines = Split(said, '\n');
  const auto line = std::find_if(lines.begin(), lines.end(), [](const std::string& text) {
    return text.starts_with("ERROR: ");
  });
  return line == lines.end() ? Concat({"no line with ERROR in: ", said}) : *line;
}

class BuildKit013 : public ::testing::TestWithParam<ClientCell> {
 protected:
  BuildKit013() {
    folder_.Write("context/Dockerfile", kDockerfile);
    folder_.Write("context/one", "1");
  }

  void Begin(const std::vector<std::string>& flags = {}) {
    server_ = ServeAs(GetParam().against, folder_, flags);
    access_ = AccessTo(*server_, GetParam().against, folder_,
                       GetParam().against == Against::kDockerHub ? kHubName : "127.0.0.1");
    folder_.Write("config/config.json", AuthFile(access_));
    engine_ = std::make_unique<Engine>(folder_, DockerOf::kDebian13,
                                       Concat({"::1 ", kHubName, "\n"}), access_.ca_file);
  }

  std::string At(std::string_view name) const { return Concat({access_.host, "/", name}); }

  Ended Build(const std::vector<std::string>& options) const {
    std::vector<std::string> words = {"buildx", "build", "--progress=plain",
                                      "--push", "--tag", At("acme/one:v1")};
    words.insert(words.end(), options.begin(), options.end());
    words.emplace_back("/mnt/context");
    return engine_->Docker(words);
  }
  std::string CacheTo(std::string_view name) const {
    return Concat({"--cache-to=type=registry,mode=max,ref=", At(name)});
  }

  // References of the manifests that were put, in order.
  std::vector<std::string> Put() const {
    std::vector<std::string> references;
    for (const Seen& request : server_->Requests()) {
      if (request.operation == "manifest.put" && request.status == 201) {
        references.push_back(request.reference);
      }
    }
    return references;
  }

  void CheckCacheExport();
  void CheckCacheRejected(const CacheFault& fault);

  TempFolder folder_;
  std::unique_ptr<Served> server_;
  RegistryAccess access_;
  std::unique_ptr<Engine> engine_;
};

void BuildKit013::CheckCacheExport() {
  Begin();
  const Ended built = Build({CacheTo("acme/cache:one")});
  ASSERT_EQ(0, built.exit_code) << built.said << server_->Sequence();
  EXPECT_THAT(Put(), Contains("v1"));
  EXPECT_THAT(Put(), Contains("one"));

  const Ended pruned = engine_->Docker({"builder", "prune", "--all", "--force"});
  EXPECT_EQ(0, pruned.exit_code) << pruned.said;
  const Ended again = Build({Concat({"--cache-from=type=registry,ref=", At("acme/cache:one")})});
  EXPECT_EQ(0, again.exit_code) << again.said;
  EXPECT_THAT(again.said, HasSubstr("CACHED"));
}

// Rejected for good: a second attempt ends as the first. Without the option the same build passes,
// with the fault still there.
void BuildKit013::CheckCacheRejected(const CacheFault& fault) {
  const std::string rules = Concat({R"({"faults": [{"name": "html", "when": {)", fault.rule,
                                    R"(}, "do": {"reply": {"status": 400, "page": "nginx"}}}]})"});
  Begin({"--faults", folder_.Write("faults.json", rules)});
  const std::string captured = Normal(CapturedText(fault.capture), "registry.test");
  for (int attempt = 1; attempt <= 2; ++attempt) {
    const Ended failed = Build({CacheTo(fault.cache)});
    EXPECT_EQ(1, failed.exit_code) << failed.said << server_->Sequence();
    EXPECT_EQ(captured, Normal(ErrorOf(failed.said), access_.host));
  }
  EXPECT_THAT(Put(), Contains("v1")) << "the image is published before the cache is";
  EXPECT_THAT(Put(), Not(Contains("buildcache")));

  const Ended built = Build({});
  EXPECT_EQ(0, built.exit_code) << built.said;
  EXPECT_EQ(0, server_->Stop(SIGTERM));
  EXPECT_THAT(server_->out(), HasSubstr("fired 2  seen 2\n"));
}

TEST_P(BuildKit013, Row) {
  for (const CacheFault& fault : kCacheFaults) {
    if (fault.what == GetParam().row.what) {
      return CheckCacheRejected(fault);
    }
  }
  CheckCacheExport();
}

INSTANTIATE_TEST_SUITE_P(Builders, BuildKit013,
                         ::testing::ValuesIn(ClientCells([](const ClientRow& row) {
                           return row.what >= Case::kCacheExport;
                         })),
                         [](const auto& cell) { return TestName(cell.param); });

}  // namespace
}  // namespace drydock::testing
