// The model of skopeo against the real one: the requests it sends (recorded traffic of 1.9.3), and
// what each injected fault makes of a copy (exit code and how often the faulted request came).
#include "simulator/skopeo/skopeo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <memory>
#include <ostream>
#include <regex>

#include "core/json.h"
#include "core/media_type.h"
#include "core/text.h"
#include "simulator/faults/read_rules.h"
#include "simulator/registry/personalities.h"
#include "simulator/registry/registry.h"
#include "simulator/world/internet.h"
#include "tests/support/temp_folder.h"
#include "tests/traffic/traffic.h"

namespace drydock::simulator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kHost = "registry.test";
constexpr TimePoint kStart{std::chrono::seconds(1'795'000'000)};

// "PATCH /v2/a/b/blobs/uploads/{id}?_state={state} 202".
std::string Line(const std::string& method, const std::string& target, int status) {
  static const std::regex kSession("uploads/[^?]+");
  static const std::regex kState("_state=[^&]*");
  const std::string path =
      std::regex_replace(std::regex_replace(target, kSession, "uploads/{id}"), kState, "_state={}");
  return Concat({method, " ", path, " ", std::to_string(status)});
}

class Watched : public Transport {
 public:
  explicit Watched(std::unique_ptr<Transport> inner) : inner_(std::move(inner)) {}
  Result<Response> Send(Request request, Deadline deadline) override {
    const std::string method = request.method;
    const std::string target = request.url.Target();
    auto response = inner_->Send(std::move(request), deadline);
    lines.push_back(Line(method, target, response ? response->status : 0));
    return response;
  }
  std::vector<std::string> lines;

 private:
  std::unique_ptr<Transport> inner_;
};

// One registry, the network before it and a folder for layouts.
class Bench {
 public:
  explicit Bench(std::vector<FaultRule> rules = {})
      : world_(7, kStart),
        journal_(world_.clock()),
        faults_(std::move(rules), 7),
        internet_(world_.clock(), journal_, faults_),
        registry_(std::string(kHost), Distribution28Personality(), world_.clock(),
                  world_.Fork("registry"), journal_),
        transport_(internet_.Connect(world_, "192.0.2.1", "host")),
        skopeo_(world_, transport_, {{}, {std::string(kHost)}}) {
    internet_.Attach(std::string(kHost), registry_);
  }

  CommandResult Run(const std::function<Result<CommandResult>(Skopeo&)>& command) {
    CommandResult result;
    world_.Spawn("host", [&] {
      auto done = command(skopeo_);
      EXPECT_TRUE(done.ok());
      result = done ? std::move(*done) : CommandResult();
    });
    EXPECT_TRUE(world_.Run().ok());
    return result;
  }

  // An OCI layout with these blobs and manifests, `top` in its index.
  std::string Layout(const std::vector<std::string>& contents, const Digest& top,
                     std::string_view type) const {
    for (const std::string& bytes : contents) {
      folder_.Write(Concat({"blobs/sha256/", Digest::Of(bytes).hex()}), bytes);
    }
    folder_.Write("index.json", Concat({R"({"schemaVersion":2,"manifests":[{"mediaType":")", type,
                                        R"(","digest":")", top.ToString(), R"("}]})"}));
    return Concat({"oci:", folder_.path().string()});
  }

  Store& store() { return registry_.store(); }
  FaultState& faults() { return faults_; }
  World& world() { return world_; }
  const std::vector<std::string>& lines() const { return transport_.lines; }

 private:
  testing::TempFolder folder_;
  World world_;
  Journal journal_;
  FaultState faults_;
  Internet internet_;
  Registry registry_;
  Watched transport_;
  Skopeo skopeo_;
};

traffic::Recording Recorded(const std::string& name) {
  for (traffic::Recording& recording : traffic::LoadRecordings("skopeo1.9")) {
    if (recording.name == name) {
      return std::move(recording);
    }
  }
  ADD_FAILURE() << "no such recording: " << name;
  return {};
}

void PutInPlace(const traffic::Recording& recording, Store& store) {
  for (const traffic::Content& content : recording.content) {
    if (!content.digest.empty()) {
      store.PutBlob(content.repository, recording.blobs.at(content.digest));
      continue;
    }
    const Digest digest = store.PutManifest(content.repository, content.type, content.body);
    if (!Digest::Parse(content.reference)) {
      store.SetTag(content.repository, content.reference, digest);
    }
  }
}

// One text; blobs of an image are asked for side by side, so a run of such questions has no order.
std::string Sorted(std::vector<std::string> lines) {
  const auto asks = [](const std::string& line) { return line.rfind("HEAD ", 0) == 0; };
  for (auto begin = lines.begin(); begin != lines.end();) {
    const auto end = std::find_if_not(begin, lines.end(), asks);
    std::sort(begin, end);
    begin = std::find_if(end, lines.end(), asks);
  }
  return Join(lines, "\n");
}

struct Copied {
  const char* recording;
  const char* source;  // "" : a layout of what the recording sends
  const char* destination;
};

void PrintTo(const Copied& copied, std::ostream* out) { *out << copied.recording; }

class CopyTest : public ::testing::TestWithParam<Copied> {};

TEST_P(CopyTest, SendsWhatTheRealOneSent) {
  const traffic::Recording recording = Recorded(GetParam().recording);
  Bench bench;
  PutInPlace(recording, bench.store());
  std::vector<std::string> contents;
  for (const auto& [digest, bytes] : recording.blobs) {
    contents.push_back(bytes);
  }
  std::vector<std::string> expected;
  Digest top = Digest::Of("");
  std::string type;
  for (const traffic::RecordedExchange& exchange : recording.exchanges) {
    expected.push_back(Line(exchange.ask.method, exchange.ask.target, exchange.status));
    if (exchange.ask.method == "PUT" && Contains(exchange.ask.target, "/manifests/")) {
      contents.push_back(exchange.ask.body);
      top = Digest::Of(exchange.ask.body);
      type = exchange.ask.headers.Get("Content-Type");
    }
  }
  const std::string source =
      *GetParam().source == '\0' ? bench.Layout(contents, top, type) : GetParam().source;
  const CommandResult result =
      bench.Run([&](Skopeo& skopeo) { return skopeo.Copy(source, GetParam().destination); });
  EXPECT_EQ(result.exit_code, 0) << result.log;
  EXPECT_EQ(Sorted(bench.lines()), Sorted(expected));
  EXPECT_EQ(result.digest, std::optional<Digest>(top));
}

INSTANTIATE_TEST_SUITE_P(
    Recordings, CopyTest,
    ::testing::Values(
        Copied{"skopeo1.9-copy-single", "", "docker://registry.test/app/base:v1"},
        Copied{"skopeo1.9-copy-single-again", "", "docker://registry.test/app/base:v1"},
        Copied{"skopeo1.9-copy-multi-all", "", "docker://registry.test/app/web:base-abc"},
        Copied{"skopeo1.9-copy-multi-all-again", "", "docker://registry.test/app/web:base-abc"},
        Copied{"skopeo1.9-promote-same-repo", "docker://registry.test/app/web:base-abc",
               "docker://registry.test/app/web:base-latest"}),
    [](const auto& each) {
      return ReplaceAll(ReplaceAll(each.param.recording, "-", "_"), ".", "_");
    });

// What a rule of the fault table asks for: "503-once-data-patch".
struct Fault {
  std::string name;
  int exit_code = 0;
  std::uint64_t attempts = 0;
};

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

std::vector<Fault> FaultTable() {
  std::vector<Fault> faults;
  const std::string path = Concat({DRYDOCK_SOURCE_DIR, "/tests/captures/client-faults.jsonl"});
  std::ifstream stream(path);
  for (std::string text; std::getline(stream, text);) {
    const auto line = json::Parse(text, path);
    if (line && line->Text("client") == "skopeo1.9") {
      faults.push_back(
          {std::string(line->Text("fault")),
           static_cast<int>(line->Find("exit_code")->as_integer().value_or(-1)),
           static_cast<std::uint64_t>(line->Find("attempts")->as_integer().value_or(0))});
    }
  }
  return faults;
}

bool Has(const Fault& fault, std::string_view piece) { return Contains(fault.name, piece); }

// Where the fault stands: the "when" of its rule.
std::string When(const Fault& fault) {
  if (Has(fault, "digest-invalid") || Has(fault, "final")) {
    return R"("operation": "upload.commit")";
  }
  if (Has(fault, "upload-post")) {
    return R"("operation": "upload.start")";
  }
  if (Has(fault, "manifest")) {
    return Has(fault, "pull") ? R"("operation": "manifest.get")" : R"("operation": "manifest.put")";
  }
  if (Has(fault, "head-blob")) {
    return R"("operation": "blob.head")";
  }
  if (Has(fault, "pull")) {
    return R"("operation": "blob.get")";
  }
  return Has(fault, "ping") ? R"("operation": "ping")" : R"("operation": "upload.patch")";
}

std::string Do(const Fault& fault) {
  if (Has(fault, "rst-mid-body")) {
    return R"("cut": "rst", "at": "request-body", "after-bytes": 100)";
  }
  if (Has(fault, "rst-mid-blob")) {
    return R"("cut": "rst", "at": "response-body", "after-bytes": 100)";
  }
  if (Has(fault, "rst-")) {
    return R"("cut": "rst", "at": "decide")";
  }
  const std::string status = std::regex_replace(fault.name, std::regex("^(pull-)?(\\d+).*$"), "$2");
  const std::string_view more = Has(fault, "html")  ? R"(, "page": "nginx")"
                                : Has(fault, "429") ? R"(, "headers": {"Retry-After": "2"})"
                                : Has(fault, "blob-unknown")
                                    ? R"(, "error": "MANIFEST_BLOB_UNKNOWN")"
                                : Has(fault, "403") ? R"(, "error": "DENIED")"
                                                    : "";
  return Concat({R"("reply": {"status": )", status, more, "}"});
}

std::string Times(const Fault& fault) {
  return Has(fault, "once") ? R"(, "times": 1)" : Has(fault, "-x3") ? R"(, "times": 3)" : "";
}

std::string DescriptorOf(std::string_view type, const std::string& bytes) {
  return Concat({R"("mediaType":")", type, R"(","size":)", std::to_string(bytes.size()),
                 R"(,"digest":")", Digest::Of(bytes).ToString(), R"(")"});
}

std::string ManifestOf(const std::string& config, const std::string& layer) {
  return Concat({R"({"schemaVersion":2,"mediaType":")", media_type::kOciManifest, R"(","config":{)",
                 DescriptorOf(media_type::kOciConfig, config), R"(},"layers":[{)",
                 DescriptorOf(media_type::kOciLayerGzip, layer), "}]}"});
}

class FaultTest : public ::testing::TestWithParam<Fault> {};

TEST_P(FaultTest, EndsAsTheRealOneEnded) {
  const Fault& fault = GetParam();
  auto rules =
      ParseFaultFile(Concat({R"({"faults": [{"name": "x", "when": {"repository": "app/one", )",
                             When(fault), R"(}, "do": {)", Do(fault), "}", Times(fault), "}]}"}),
                     "table");
  if (!rules && Has(fault, "ping")) {  // a ping names no repository
    rules = ParseFaultFile(Concat({R"({"faults": [{"name": "x", "when": {)", When(fault),
                                   R"(}, "do": {)", Do(fault), "}", Times(fault), "}]}"}),
                           "table");
  }
  ASSERT_TRUE(rules) << rules.error().message();
  Bench bench(*rules);
  const std::string config = "{}";
  const std::string layer(5000, 'x');
  const std::string manifest = ManifestOf(config, layer);
  std::string source =
      bench.Layout({config, layer, manifest}, Digest::Of(manifest), media_type::kOciManifest);
  std::string destination = "docker://registry.test/app/one:v1";
  bench.store().PutBlob("app/one", config);  // the layer is missing
  if (Has(fault, "pull")) {
    bench.store().PutBlob("app/one", layer);
    bench.store().SetTag("app/one", "v1",
                         bench.store().PutManifest("app/one", media_type::kOciManifest, manifest));
    source = destination;
    destination = "docker://registry.test/app/two:v1";
  }
  const CommandResult result =
      bench.Run([&](Skopeo& skopeo) { return skopeo.Copy(source, destination); });
  EXPECT_EQ(result.exit_code, fault.exit_code) << result.log;
  EXPECT_EQ(bench.faults().Counts().front().matched, fault.attempts);
  EXPECT_EQ(result.log.empty(), fault.exit_code == 0);
}

INSTANTIATE_TEST_SUITE_P(Table, FaultTest, ::testing::ValuesIn(FaultTable()),
                         [](const auto& each) { return ReplaceAll(each.param.name, "-", "_"); });

std::string ListOf(std::string_view type, std::string_view entries) {
  return Concat({R"({"schemaVersion":2,"mediaType":")", type, R"(","manifests":[)", entries, "]}"});
}

// As 1.9.3 does, whatever became of the first form: 400 to 504, a cut, an answer that lies.
TEST(SkopeoTest, AListThatIsNotTakenIsTriedInItsOtherForm) {
  const std::string config = "{}";
  const std::string layer = "layer";
  const std::string child = ManifestOf(config, layer);
  const std::string oci = ListOf(
      media_type::kOciIndex,
      Concat({"{", DescriptorOf(media_type::kOciManifest, child), R"(,"annotations":{"a":"b"}})"}));
  for (const char* effect :
       {R"({"reply": {"status": 400}})", R"({"reply": {"status": 401}})",
        R"({"reply": {"status": 403, "error": "DENIED"}})", R"({"reply": {"status": 404}})",
        R"({"reply": {"status": 415}})", R"({"reply": {"status": 429}})",
        R"({"reply": {"status": 503}})", R"({"reply": {"status": 500}, "commit": "apply"})",
        R"({"cut": "rst", "at": "decide"})", R"({"cut": "rst", "at": "response-head"})"}) {
    for (const int times : {1, 2}) {
      auto rules =
          ParseFaultFile(Concat({R"({"faults": [{"name": "x", "times": )", std::to_string(times),
                                 R"(, "when": {"operation": "manifest.put",
                                                        "reference": "v1"}, "do": )",
                                 effect, "}]}"}),
                         "f");
      ASSERT_TRUE(rules) << rules.error().message();
      Bench bench(*rules);
      const std::string source =
          bench.Layout({config, layer, child, oci}, Digest::Of(oci), media_type::kOciIndex);
      const CommandResult result = bench.Run(
          [&](Skopeo& skopeo) { return skopeo.Copy(source, "docker://registry.test/app/one:v1"); });
      EXPECT_EQ(bench.faults().Counts().front().matched, 2u) << effect;
      if (times == 2) {
        EXPECT_EQ(result.exit_code, 1) << effect;
        EXPECT_THAT(result.log,
                    HasSubstr(Concat({"Uploading manifest list failed, attempted the following "
                                      "formats: ",
                                      media_type::kOciIndex, "("})));
        EXPECT_THAT(result.log, HasSubstr(Concat({"), ", media_type::kDockerManifestList, "("})));
        EXPECT_FALSE(result.digest.has_value());
        continue;
      }
      EXPECT_EQ(result.exit_code, 0) << effect;
      const auto tag = bench.store().FindTag("app/one", "v1");
      ASSERT_TRUE(tag.has_value()) << effect;
      EXPECT_EQ(bench.store().FindManifest("app/one", *tag)->media_type,
                media_type::kDockerManifestList)
          << effect;
      EXPECT_EQ(result.digest, tag) << effect;
    }
  }
}

// As 1.9.3 does: which answers it takes for a refusal of the type, whatever the status below 500.
TEST(SkopeoTest, AnImageWhoseTypeIsRefusedIsTriedAsDockers) {
  const struct {
    const char* reply;
    bool about_the_type;
  } rows[] = {
      {R"("status": 400, "error": "MANIFEST_INVALID")", true},
      {R"("status": 404, "error": "MANIFEST_INVALID")", true},
      {R"("status": 415, "error": "TAG_INVALID")", true},
      {R"("status": 405, "error": "UNSUPPORTED", "message": "Invalid JSON syntax")", true},
      {R"("status": 400, "error": "UNSUPPORTED", "message": "no")", false},
      {R"("status": 400, "error": "DENIED", "message": "manifest invalid")", false},
      {R"("status": 400, "error": "MANIFEST_UNVERIFIED")", false},
      {R"("status": 500, "error": "MANIFEST_INVALID")", false},
      {R"("status": 400, "page": "nginx")", false},
  };
  const std::string config = "{}";
  const std::string layer = "layer";
  const std::string child = ManifestOf(config, layer);
  const std::string index = ListOf(
      media_type::kOciIndex, Concat({"{", DescriptorOf(media_type::kOciManifest, child), "}"}));
  for (const auto& row : rows) {
    auto rules = ParseFaultFile(
        Concat({R"({"faults": [{"name": "x", "times": 1, "when": {"operation": "manifest.put"},
                    "do": {"reply": {)",
                row.reply, "}}}]}"}),
        "f");
    ASSERT_TRUE(rules) << rules.error().message();
    Bench bench(*rules);
    const std::string source =
        bench.Layout({config, layer, child, index}, Digest::Of(index), media_type::kOciIndex);
    const CommandResult result = bench.Run(
        [&](Skopeo& skopeo) { return skopeo.Copy(source, "docker://registry.test/app/one:v1"); });
    EXPECT_EQ(result.exit_code, row.about_the_type ? 0 : 1) << row.reply << result.log;
    const auto tag = bench.store().FindTag("app/one", "v1");
    ASSERT_EQ(tag.has_value(), row.about_the_type) << row.reply;
    if (tag) {  // an OCI index of one Docker image, under a digest that nobody built
      EXPECT_EQ(result.digest, tag);
      const auto list = bench.store().FindManifest("app/one", *tag);
      EXPECT_EQ(list->media_type, media_type::kOciIndex);
      EXPECT_THAT(*list->bytes, HasSubstr(media_type::kDockerManifest));
    } else {
      EXPECT_THAT(result.log, Not(HasSubstr("attempted the following formats")));
    }
  }
}

TEST(SkopeoTest, WaitsAsLongAsTheRegistryAsks) {
  auto rules = ParseFaultFile(
      R"({"faults": [{"name": "x", "when": {"operation": "manifest.get"}, "times": 2,
          "do": {"reply": {"status": 429, "headers": {"Retry-After": "7"}}}}]})",
      "f");
  ASSERT_TRUE(rules);
  Bench bench(*rules);
  const std::string manifest = R"({"schemaVersion":2})";
  bench.store().SetTag("app/one", "v1",
                       bench.store().PutManifest("app/one", media_type::kOciManifest, manifest));
  const CommandResult result =
      bench.Run([](Skopeo& skopeo) { return skopeo.Inspect("docker://registry.test/app/one:v1"); });
  EXPECT_EQ(result.exit_code, 0) << result.log;
  EXPECT_EQ(result.output, manifest);
  EXPECT_EQ(bench.world().clock().Now() - kStart, std::chrono::seconds(14));
}

TEST(SkopeoTest, SaysWhatItCannotRead) {
  Bench bench;
  const CommandResult missing =
      bench.Run([](Skopeo& skopeo) { return skopeo.Inspect("docker://registry.test/app/one:v1"); });
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.log, HasSubstr("reading manifest v1 in registry.test/app/one: "));
  EXPECT_THAT(bench.lines(), ElementsAre("GET /v2/ 200", "GET /v2/app/one/manifests/v1 404"));
  const CommandResult folder = bench.Run([](Skopeo& skopeo) {
    return skopeo.Copy("oci:/nowhere", "docker://registry.test/app/one:v1");
  });
  EXPECT_EQ(folder.exit_code, 1);
  EXPECT_THAT(folder.log, HasSubstr("/nowhere/index.json"));
}

}  // namespace
}  // namespace drydock::simulator
