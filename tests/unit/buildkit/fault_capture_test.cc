// The model against captures of runs with one injected fault: exit code, error text word for word,
// how often the faulted request came and how long the pauses were, what was printed about retries,
// and the requests. The proxy injects what the capture's proxy injected.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <regex>

#include "core/text.h"
#include "simulator/buildkit/image.h"
#include "tests/unit/buildkit/capture.h"
#include "tests/unit/buildkit/rehearsal.h"
#include "tests/unit/buildkit/wire_form.h"

namespace drydock::simulator::buildkit {

void PrintTo(const FaultCapture& capture, std::ostream* out) { *out << capture.name; }

namespace {

bool Contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// "error: …" and "retrying in …" without vertex number and time, in order.
std::vector<std::string> RetryNotices(const std::string& log) {
  static const std::regex notice(R"(#\d+ \d+\.\d{3} ((error: |retrying in ).*))");
  std::vector<std::string> notices;
  for (const std::string& line : Split(log, '\n')) {
    std::smatch match;
    if (std::regex_match(line, match, notice)) {
      notices.push_back(PlainErrorText(match[1].str()));
    }
  }
  return notices;
}

// " > exporting to image:" and the like.
std::vector<std::string> FailedVertices(const std::string& log) {
  std::vector<std::string> names;
  for (const std::string& line : Split(log, '\n')) {
    if (line.rfind(" > ", 0) == 0) {
      names.push_back(line);
    }
  }
  return names;
}

// The captures kept only the end of long logs, so the first notices may be missing there; which of
// two parallel blobs reports first is chance.
void ExpectTail(std::vector<std::string> captured, std::vector<std::string> modelled,
                bool any_order) {
  ASSERT_LE(captured.size(), modelled.size());
  modelled.erase(modelled.begin(), modelled.end() - static_cast<std::ptrdiff_t>(captured.size()));
  if (any_order) {
    std::sort(captured.begin(), captured.end());
    std::sort(modelled.begin(), modelled.end());
  }
  EXPECT_EQ(captured, modelled);
}

// What both sides have: no headers and no bodies.
std::vector<WireExchange> Bare(const FaultCapture& capture) {
  std::vector<WireExchange> exchanges;
  for (const FaultCapture::Line& line : capture.exchanges) {
    WireExchange exchange;
    exchange.method = line.method;
    exchange.path = line.path;
    exchange.content_type = line.content_type;
    exchange.status = line.status;
    exchanges.push_back(std::move(exchange));
  }
  return exchanges;
}

std::vector<WireExchange> Bare(const std::vector<WireExchange>& exchanges) {
  std::vector<WireExchange> bare;
  for (const WireExchange& exchange : exchanges) {
    if (Contains(exchange.path, "app/output")) {
      continue;  // the captured pulls wrote a file where the model pushes
    }
    WireExchange& kept = bare.emplace_back();
    kept.method = exchange.method;
    kept.path = exchange.path;
    kept.content_type = exchange.content_type;
    kept.status = exchange.status;
  }
  return bare;
}

class FaultCaptures : public ::testing::TestWithParam<FaultCapture> {
 protected:
  // Brings builder and registry to where the capture began; gives the digest of a layer that
  // a rule may name.
  std::string Prepare(const FaultCapture& capture) {
    const std::string& command = capture.command;
    if (Contains(command, "imagetools")) {
      Succeed(
          "docker buildx build --platform linux/amd64,linux/arm64 --provenance=false --push "
          "-t registry.test/app/web:base-abc ctx/base");
      return "";
    }
    if (Contains(command, "ctx/two")) {
      if (!Contains(command, "--cache-from")) {
        return "";
      }
      Succeed(
          "docker buildx build --platform linux/amd64,linux/arm64 --provenance=false --push -t "
          "registry.test/app/two:v1 --cache-to "
          "type=registry,ref=registry.test/app/two:buildcache,mode=max ctx/two");
      rehearsal_.NewBuilder();
      return LayerOf("app/two");
    }
    Succeed("docker buildx build --provenance=false --push -t registry.test/app/one:v1 ctx/one");
    std::string layer = LayerOf("app/one");
    if (Contains(command, "ctx/variant")) {
      rehearsal_.NewBuilder();
      return layer;
    }
    // One layer is missing in the registry, and the manifest with it.
    Store& store = rehearsal_.registry().store();
    const Digest manifest = *store.FindTag("app/one", "v1");
    EXPECT_TRUE(store.DeleteTag("app/one", "v1"));
    EXPECT_TRUE(store.DeleteManifest("app/one", manifest));
    EXPECT_TRUE(store.DeleteBlob("app/one", *Digest::Parse(layer)));
    return layer;
  }

  void Succeed(const std::string& command) {
    const CommandResult result = rehearsal_.Run(command);
    ASSERT_EQ(result.exit_code, 0) << result.log;
  }

  std::string LayerOf(const std::string& repository) {
    const Store& store = rehearsal_.registry().store();
    const Digest top = *store.FindTag(repository, "v1");
    Children children = ReadChildren(*store.FindManifest(repository, top)->bytes);
    if (!children.config) {
      children =
          ReadChildren(*store.FindManifest(repository, children.entries.front().digest)->bytes);
    }
    return children.entries.front().digest.ToString();
  }

  Rehearsal rehearsal_;
};

TEST_P(FaultCaptures, AreWhatTheModelDoes) {
  const FaultCapture& capture = GetParam();
  const std::string layer = Prepare(capture);
  if (std::any_of(capture.exchanges.begin(), capture.exchanges.end(),
                  [](const FaultCapture::Line& line) { return Contains(line.path, "/token"); })) {
    rehearsal_.proxy().Ask({});
  }
  rehearsal_.proxy().Clear();
  rehearsal_.proxy().Inject(capture.faults, layer);
  const CommandResult result = rehearsal_.Run(capture.command);
  SCOPED_TRACE(result.log);

  EXPECT_EQ(capture.exit_code, result.exit_code);
  EXPECT_EQ(FinalError(capture.log), FinalError(result.log));
  EXPECT_EQ(FailedVertices(capture.log), FailedVertices(result.log));
  ExpectTail(RetryNotices(capture.log), RetryNotices(result.log),
             capture.name == "500-always-head-blob");

  std::vector<std::int64_t> captured_at;
  for (const FaultCapture::Line& line : capture.exchanges) {
    if (line.faulted) {
      captured_at.push_back(line.milliseconds);
    }
  }
  const std::vector<Duration>& modelled_at = rehearsal_.proxy().faulted();
  ASSERT_EQ(captured_at.size(), modelled_at.size());
  for (std::size_t i = 1; i < captured_at.size(); ++i) {
    const auto seconds =
        std::lround(static_cast<double>(captured_at[i] - captured_at[i - 1]) / 1e3);
    const auto modelled =
        std::chrono::round<std::chrono::seconds>(modelled_at[i] - modelled_at[i - 1]);
    EXPECT_EQ(seconds, modelled.count()) << "pause before the faulted request " << i + 1;
  }

  if (!Contains(capture.command, "--cache-from")) {
    const Comparison comparison = Compare(Bare(capture), Bare(rehearsal_.proxy().exchanges()), {});
    EXPECT_EQ(comparison.captured, comparison.modelled);
  }
}

std::string CaseName(const ::testing::TestParamInfo<FaultCapture>& info) {
  return ReplaceAll(info.param.name, "-", "_");
}

INSTANTIATE_TEST_SUITE_P(Captures, FaultCaptures, ::testing::ValuesIn(LoadFaultCaptures()),
                         CaseName);

}  // namespace
}  // namespace drydock::simulator::buildkit
