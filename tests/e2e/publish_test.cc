// The program `drydock publish` itself, in a real clone, against `drydock serve`. In docker's place
// stands a script that lets skopeo push an image made beforehand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/text.h"
#include "tests/e2e/oci_layout.h"
#include "tests/e2e/served.h"

namespace drydock::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kRelease[] = R"({
  "image": "me/devbox",
  "platforms": ["linux/amd64", "linux/arm64"],
  "base": { "dockerfile": "Dockerfile.base",
    "hash": { "dockerfile": "Dockerfile.base", "tree": "rootfs", "entrypoints": ["entry.sh"] } },
  "variants": [
    { "name": "base", "dockerfile": "Dockerfile" },
    { "name": "omos", "suffix": "-omos", "dockerfile": "Dockerfile" }
  ]
}
)";

struct Ended {
  int exit_code = 0;
  std::string out;
  std::string err;
};

class Publish : public ::testing::Test {
 protected:
  Publish()
      : base_(folder_, "base", {"amd64", "arm64"}, 20'000),
        plain_(folder_, "plain", {"amd64", "arm64"}, 21'000),
        omos_(folder_, "omos", {"amd64", "arm64"}, 22'000) {
    folder_.Write("clone/Dockerfile", "FROM scratch\n");
    folder_.Write("clone/Dockerfile.base", "FROM scratch\n");
    folder_.Write("clone/rootfs/motd", "hello\n");
    folder_.Write("clone/entry.sh", "#!/bin/sh\n");
    release_ = folder_.Write("release.json", kRelease);
    Git({"init", "-q"});
    Git({"add", "."});
    Git({"commit", "-q", "-m", "first"});
    Git({"tag", "v1.2.3"});
    WriteDocker("");
  }

  void Git(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv = {"git",         "-C", folder_.At("clone"),        "-c",
                                     "user.name=A", "-c", "user.email=a@example.test"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    ASSERT_EQ(0, RunClient(argv));
  }

  // `before_push` is shell text that sees the image's name as $tag.
  void WriteDocker(const std::string& before_push) {
    std::string script = R"(#!/bin/sh
[ "$2" = version ] && { echo 'github.com/docker/buildx v0.13.1 788'; exit; }
[ "$2" = inspect ] && { printf 'Name: multi\nDriver: docker-container\n'; exit; }
while [ $# -gt 0 ]; do
  case $1 in --tag) tag=$2 ;; --metadata-file) metadata=$2 ;; esac
  shift
done
case $tag in
  *:base-*) layout=base digest=@BASE@ ;;
  *-omos) layout=omos digest=@OMOS@ ;;
  *) layout=plain digest=@PLAIN@ ;;
esac
echo "${tag##*:}" >> '@FOLDER@/builds'
@BEFORE_PUSH@
skopeo --insecure-policy copy -q --all --dest-tls-verify=false \
  "oci:@FOLDER@/$layout:v1" "docker://$tag" >&2
echo '#1 pushed' >&2
echo "{\"containerimage.digest\": \"$digest\"}" > "$metadata"
)";
    const std::pair<std::string_view, std::string> values[] = {
        {"@BASE@", base_.top().ToString()},   {"@OMOS@", omos_.top().ToString()},
        {"@PLAIN@", plain_.top().ToString()}, {"@FOLDER@", folder_.path().string()},
        {"@BEFORE_PUSH@", before_push},
    };
    for (const auto& [name, value] : values) {
      script = ReplaceAll(std::move(script), name, value);
    }
    const std::string path = folder_.Write("bin/docker", script);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }

  // In the clone; `server` may be null.
  Ended Run(const Served* server, const std::vector<std::string>& flags) {
    const auto program = Start(server, flags);
    const int exit_code = program->Wait();
    return {exit_code, program->out(), program->err()};
  }

  std::unique_ptr<Child> Start(const Served* server, const std::vector<std::string>& flags) {
    std::vector<std::string> argv = {"sh",
                                     "-c",
                                     Concat({"PATH='", folder_.At("bin"), "':$PATH exec \"$@\""}),
                                     "sh",
                                     DRYDOCK_PROGRAM,
                                     "publish",
                                     release_,
                                     "--context",
                                     context_.empty() ? folder_.At("clone") : context_};
    if (server != nullptr) {
      argv.insert(argv.end(),
                  {"--registry", Concat({"127.0.0.1:", std::to_string(server->port())})});
    }
    argv.insert(argv.end(), flags.begin(), flags.end());
    return std::make_unique<Child>(
        argv, std::vector<std::string>{Concat({"HOME=", folder_.At("home")}), "DOCKER_CONFIG="});
  }

  std::vector<std::string> Builds() const {
    const std::string text = ReadFile(folder_.path() / "builds");
    return text.empty() ? std::vector<std::string>() : Split(Trim(text), '\n');
  }

  static std::vector<std::string> Writes(const Served& server) {
    std::vector<std::string> writes;
    for (const Seen& seen : server.Requests()) {
      if (seen.method != "GET" && seen.method != "HEAD") {
        writes.push_back(Concat({seen.operation, " ", seen.reference}));
      }
    }
    return writes;
  }

  TempFolder folder_;
  OciLayout base_;
  OciLayout plain_;
  OciLayout omos_;
  std::string release_;
  std::string context_;  // "" means the clone
};

TEST_F(Publish, RefusesBadInputBeforeItStarts) {
  const std::string wrong =
      folder_.Write("wrong.json", ReplaceAll(kRelease, "\"platforms\"", "\"platfroms\""));
  const struct {
    std::vector<std::string> flags;
    std::string release;
    std::string complaint;
  } rows[] = {
      {{}, folder_.At("nowhere.json"), "nowhere.json: cannot be read"},
      {{}, wrong, wrong + ":"},
      {{"--only", "omo"}, release_, "expected one of: base, omos"},
      {{"--tag", "1.2.3"}, release_, "expected vX.Y.Z"},
      {{"--registry", "no registry"}, release_, "--registry"},
      {{"--npm-registry", "npm.example"}, release_, "--npm-registry"},
      {{"--docker-config", folder_.At("nowhere")}, release_, "nowhere/config.json"},
      {{}, release_, "no login for docker.io"},
      {{"--paln"}, release_, "--paln"},
  };
  const std::string good = release_;
  for (const auto& row : rows) {
    release_ = row.release;
    const Ended ended = Run(nullptr, row.flags);
    EXPECT_EQ(2, ended.exit_code) << row.complaint << ": " << ended.err;
    EXPECT_THAT(ended.err, HasSubstr(row.complaint));
    EXPECT_EQ("", ended.out);
  }
  release_ = good;
  context_ = folder_.At("base");
  const Ended outside = Run(nullptr, {});
  EXPECT_EQ(2, outside.exit_code);
  EXPECT_THAT(outside.err, HasSubstr("no git repository"));
  EXPECT_THAT(Builds(), IsEmpty());
}

TEST_F(Publish, PlansThenPublishesThenFindsEverythingInPlace) {
  const Served server;
  const Ended plan = Run(&server, {"--plan"});
  EXPECT_EQ(0, plan.exit_code) << plan.out << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("would build and push"));
  EXPECT_THAT(Writes(server), IsEmpty());

  const Ended first = Run(&server, {});
  EXPECT_EQ(0, first.exit_code) << first.out << first.err;
  EXPECT_THAT(first.out, HasSubstr("verdict: published-and-verified"));
  EXPECT_THAT(first.out, Not(HasSubstr("\x1b["))) << "colour is for terminals";
  EXPECT_THAT(first.err, HasSubstr("#1 pushed")) << "the builder's output is passed on";
  ASSERT_EQ(3u, Builds().size());
  EXPECT_THAT(Builds()[0], HasSubstr("base-"));

  const std::size_t writes = Writes(server).size();
  const Ended second = Run(&server, {"--json"});
  EXPECT_EQ(0, second.exit_code) << second.out << second.err;
  const auto report = json::Parse(second.out, "report");
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ("published-and-verified", report->Text("verdict"));
  EXPECT_EQ(writes, Writes(server).size()) << server.Sequence();
  EXPECT_EQ(3u, Builds().size());
}

TEST_F(Publish, RejectedTagLeavesAPartialReleaseThatResumeFinishes) {
  const auto server = Served::WithFaults(R"({"faults": [{"name": "denied",
      "when": {"operation": "manifest.put", "reference": "latest-omos"},
      "do": {"reply": {"status": 403, "error": "DENIED"}}, "times": {"first": 3}}]})");
  const Ended first = Run(server.get(), {});
  EXPECT_EQ(4, first.exit_code) << first.out << first.err;
  EXPECT_THAT(first.out, HasSubstr("registry answered 403 DENIED"));
  EXPECT_THAT(first.out, HasSubstr("verdict: partial"));
  const Ended second = Run(server.get(), {"--resume"});
  EXPECT_EQ(0, second.exit_code) << second.out << second.err;
  EXPECT_EQ(3u, Builds().size());
}

TEST_F(Publish, KilledInABuildItGoesOnWhereItStood) {
  const Served server;
  WriteDocker("case $tag in *-omos) kill -9 $PPID; exit 1 ;; esac");
  EXPECT_EQ(128 + 9, Run(&server, {}).exit_code);
  WriteDocker("");
  const Ended resumed = Run(&server, {"--resume"});
  EXPECT_EQ(0, resumed.exit_code) << resumed.out << resumed.err;
  EXPECT_THAT(Builds(), ElementsAre(HasSubstr("base-"), "v1.2.3", "v1.2.3-omos", "v1.2.3-omos"));
  const auto writes = Writes(server);
  EXPECT_EQ(1, std::count(writes.begin(), writes.end(), "manifest.put base-latest"));
}

TEST_F(Publish, RefusesADirtyTreeAndIgnoredFilesUnderTheBase) {
  const Served server;
  folder_.Write("clone/.git/info/exclude", "*.swp\n");
  folder_.Write("clone/rootfs/.motd.swp", "left by an editor");
  const Ended ignored = Run(&server, {});
  EXPECT_EQ(6, ignored.exit_code);
  EXPECT_THAT(ignored.out, HasSubstr("git status --ignored"));
  folder_.Write("clone/new", "x");
  const Ended dirty = Run(&server, {});
  EXPECT_EQ(6, dirty.exit_code);
  EXPECT_THAT(dirty.out, HasSubstr("the work tree is not clean: new"));
  EXPECT_THAT(Writes(server), IsEmpty());
}

// --- stopped and killed

class Prebuilt : public Publish {
 protected:
  Prebuilt() {
    folder_.Write("clone/.git/info/exclude", "dist/\n");
    for (const char* name : {"plain", "omos"}) {
      std::filesystem::create_directories(folder_.At("clone/dist"));
      std::filesystem::copy(folder_.At(name), folder_.At(Concat({"clone/dist/", name})),
                            std::filesystem::copy_options::recursive);
    }
    release_ = folder_.Write("layouts.json", R"({
      "image": "me/devbox", "platforms": ["linux/amd64", "linux/arm64"], "builder": "layout",
      "variants": [{ "name": "base", "layout": "dist/plain" },
                   { "name": "omos", "suffix": "-omos", "layout": "dist/omos" }] })");
  }
};

// By sample what tests/scenario/kill_sweep_test.cc does everywhere.
TEST_F(Prebuilt, KilledAfterAnyNumberOfRequestsItIsFinishedByResume) {
  for (const std::size_t requests : {1U, 8U, 16U, 24U, 32U, 40U, 48U}) {
    const Served server;
    std::filesystem::remove_all(folder_.At("clone/.git/drydock"));
    const auto killed = Start(&server, {});
    while (server.Requests().size() < requests && killed->Read(std::chrono::milliseconds(1))) {
    }
    killed->Signal(SIGKILL);
    killed->Wait();
    const Ended resumed = Run(&server, {"--resume"});
    EXPECT_EQ(0, resumed.exit_code) << requests << ": " << resumed.out << resumed.err;
    std::map<std::string, int> commits;
    for (const Seen& seen : server.Requests()) {
      const bool kept = seen.status == 201 &&
                        (seen.operation == "upload.commit" ||
                         (seen.operation == "manifest.put" && !seen.reference.starts_with("sha")));
      commits[seen.reference] += kept ? 1 : 0;
    }
    for (const auto& [reference, times] : commits) {
      EXPECT_LE(times, 1) << requests << ": " << reference << " was sent twice";
    }
  }
}

TEST_F(Prebuilt, CtrlCStopsCleanlyAndSaysHowToGoOn) {
  const auto server = Served::WithFaults(R"({"faults": [{"name": "busy",
      "when": {"operation": "manifest.put", "reference": "v1.2.3-omos"},
      "do": {"reply": {"status": 503, "headers": {"Retry-After": "100"}}}, "times": 1}]})");
  const auto stopped = Start(server.get(), {});
  while (!Contains(stopped->out(), "waits 1m 40s") &&
         stopped->Read(std::chrono::milliseconds(50))) {
  }
  stopped->Signal(SIGINT);
  EXPECT_EQ(7, stopped->Wait()) << stopped->out() << stopped->err();
  EXPECT_THAT(stopped->err(), HasSubstr("stopping after the request under way"));
  EXPECT_THAT(stopped->out(), HasSubstr("stopped from outside"));
  EXPECT_THAT(stopped->out(), HasSubstr(Concat({"go on with: drydock publish ", release_})));
  EXPECT_THAT(stopped->out(), HasSubstr("--resume"));
  EXPECT_EQ(0, Run(server.get(), {"--resume"}).exit_code);
}

TEST_F(Prebuilt, WhatALayoutLacksIsSaidBeforeAnythingIsSent) {
  const Served server;
  folder_.Write("layouts.json", ReplaceAll(ReadFile(release_), "dist/omos", "dist/none"));
  const Ended ended = Run(&server, {});
  EXPECT_EQ(6, ended.exit_code) << ended.out << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("dist/none, which v1.2.3-omos is pushed from, is no image "
                                   "layout: it has no index.json"));
  EXPECT_THAT(server.Sequence(), Not(HasSubstr("upload")));
}

TEST_F(Prebuilt, JsonLinesTellEveryCheckStepAndTheReport) {
  const Served server;
  const Ended ended = Run(&server, {"--json-lines"});
  EXPECT_EQ(0, ended.exit_code) << ended.out << ended.err;
  std::map<std::string, int> events;
  for (const std::string& line : Split(Trim(ended.out), '\n')) {
    const auto event = json::Parse(line, "line");
    ASSERT_TRUE(event) << line;
    ++events[std::string(event->Text("event"))];
  }
  EXPECT_GE(events["check"], 6);
  EXPECT_EQ(events["step"], 2 * 8) << ended.out;
  EXPECT_EQ(events["report"], 1);
  EXPECT_THAT(ended.out, HasSubstr("\"verdict\":\"published-and-verified\""));
}

}  // namespace
}  // namespace drydock::testing
