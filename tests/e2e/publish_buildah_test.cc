// `drydock publish` with the real buildah as its builder, in a real clone: a base and two variants
// for two platforms, built from nothing, to the fake Docker Hub with TLS and tokens and to Debian's
// own registry. buildah's storage wants root; without it these tests fail and say so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/digest.h"
#include "core/json.h"
#include "core/text.h"
#include "tests/e2e/registry_access.h"
#include "tests/support/docker_registry.h"

namespace drydock::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

constexpr char kRelease[] = R"({
  "image": "acme/devbox",
  "platforms": ["linux/amd64", "linux/arm64"],
  "builder": "buildah",
  "base": { "dockerfile": "Dockerfile.base",
    "hash": { "dockerfile": "Dockerfile.base", "tree": "rootfs", "entrypoints": ["entry.sh"] } },
  "variants": [
    { "name": "base", "dockerfile": "Dockerfile", "build-args": { "FLAVOUR": "plain" } },
    { "name": "omos", "suffix": "-omos", "dockerfile": "Dockerfile",
      "build-args": { "FLAVOUR": "omos" } }
  ]
}
)";

struct Published {
  int exit_code = 0;
  std::string out;
  std::string err;
};

class BuildahPublish : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(0U, ::geteuid()) << "buildah's vfs storage wants root; run this test as root";
    folder_.Write("clone/Dockerfile.base",
                  "FROM scratch\nCOPY rootfs /\nCOPY entry.sh /entry.sh\n");
    folder_.Write(
        "clone/Dockerfile",
        "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nARG FLAVOUR\nCOPY variant /opt/${FLAVOUR}\n");
    folder_.Write("clone/rootfs/etc/motd", "hello\n");
    folder_.Write("clone/entry.sh", "#!/bin/sh\n");
    folder_.Write("clone/variant/tool", "a tool\n");
    release_ = folder_.Write("release.json", kRelease);
    folder_.Write("storage.conf",
                  Concat({"[storage]\ndriver = \"vfs\"\ngraphroot = \"", folder_.At("storage"),
                          "\"\nrunroot = \"", folder_.At("run"), "\"\n"}));
    Git({"init", "-q"});
    Git({"add", "."});
    Git({"commit", "-q", "-m", "first"});
    Git({"tag", "v1.2.3"});
  }

  void Git(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv = {"git",         "-C", folder_.At("clone"),        "-c",
                                     "user.name=A", "-c", "user.email=a@example.test"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    ASSERT_EQ(0, RunClient(argv));
  }

  // The fake Docker Hub with these faults, and the login for it.
  std::unique_ptr<Served> Hub(std::string_view faults = R"({"faults": []})") {
    auto server =
        ServeAs(Against::kDockerHub, folder_, {"--faults", folder_.Write("faults.json", faults)});
    access_ = AccessTo(*server, Against::kDockerHub, folder_, "127.0.0.1");
    folder_.Write("login/config.json", AuthFile(access_));
    return server;
  }

  // A buildah that does `before` first, shell text that sees its arguments as $*.
  void Meddle(std::string_view before) {
    const std::string path = folder_.Write(
        "bin/buildah", Concat({"#!/bin/sh\n", before, "\nPATH=${PATH#*:}\nexec buildah \"$@\"\n"}));
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }

  Published Run(const std::vector<std::string>& flags) {
    std::vector<std::string> argv = {"sh",
                                     "-c",
                                     Concat({"PATH='", folder_.At("bin"), "':$PATH exec \"$@\""}),
                                     "sh",
                                     DRYDOCK_PROGRAM,
                                     "publish",
                                     release_,
                                     "--context",
                                     folder_.At("clone"),
                                     "--registry",
                                     access_.host};
    if (!access_.ca_file.empty()) {
      argv.insert(argv.end(), {"--ca-file", access_.ca_file});
    }
    argv.insert(argv.end(), flags.begin(), flags.end());
    Child program(argv, {Concat({"HOME=", folder_.At("home")}),
                         Concat({"DOCKER_CONFIG=", folder_.At("login")}),
                         Concat({"CONTAINERS_STORAGE_CONF=", folder_.At("storage.conf")}),
                         "BUILDAH_ISOLATION=chroot"});
    const int exit_code = program.Wait(std::chrono::seconds(180));
    return {exit_code, program.out(), program.err()};
  }

  // Tag to digest, as skopeo sees them.
  std::map<std::string, std::string> Tags() {
    std::map<std::string, std::string> digests;
    std::string listed;
    EXPECT_EQ(0, Skopeo({"list-tags"}, "", &listed)) << listed;
    const auto list = json::Parse(listed, "tags");
    const json::Value* tags = list ? list->Find("Tags") : nullptr;
    if (tags == nullptr) {
      ADD_FAILURE() << listed;
      return digests;
    }
    for (const json::Value& tag : *tags->as_array()) {
      std::string raw;
      EXPECT_EQ(0, Skopeo({"inspect", "--raw"}, Concat({":", *tag.as_string()}), &raw)) << raw;
      EXPECT_THAT(raw, HasSubstr("\"architecture\":\"amd64\""));
      EXPECT_THAT(raw, HasSubstr("\"architecture\":\"arm64\""));
      digests[*tag.as_string()] = Digest::Of(raw).ToString();
    }
    return digests;
  }

  int Skopeo(std::vector<std::string> argv, const std::string& tag, std::string* said) {
    argv.insert(argv.begin(), "skopeo");
    if (access_.ca_file.empty()) {
      argv.emplace_back("--tls-verify=false");
    } else {
      std::filesystem::create_directories(folder_.At("trust"));
      std::filesystem::copy_file(access_.ca_file, folder_.At("trust/ca.crt"),
                                 std::filesystem::copy_options::overwrite_existing);
      argv.insert(argv.end(), {"--cert-dir", folder_.At("trust")});
    }
    argv.insert(argv.end(), {"--authfile", folder_.At("login/config.json"),
                             Concat({"docker://", access_.host, "/acme/devbox", tag})});
    return RunClient(argv, said);
  }

  static std::vector<std::string> TagPuts(const Served& server) {
    std::vector<std::string> tags;
    for (const Seen& seen : server.Requests()) {
      if (seen.operation == "manifest.put" && seen.status == 201 &&
          !seen.reference.starts_with("sha256:")) {
        tags.push_back(seen.reference);
      }
    }
    return tags;
  }

  static std::size_t Writes(const Served& server) {
    const std::vector<Seen> requests = server.Requests();
    return static_cast<std::size_t>(
        std::count_if(requests.begin(), requests.end(), [](const Seen& seen) {
          return seen.operation.starts_with("upload.") || seen.operation == "manifest.put";
        }));
  }

  TempFolder folder_;
  std::string release_;
  RegistryAccess access_;
};

void ExpectWholeRelease(const std::map<std::string, std::string>& tags) {
  std::vector<std::string> names;
  std::string base;
  for (const auto& [tag, digest] : tags) {
    if (tag.starts_with("base-") && tag != "base-latest") {
      base = tag;
    } else {
      names.push_back(tag);
    }
  }
  EXPECT_THAT(
      names, UnorderedElementsAre("base-latest", "latest", "latest-omos", "v1.2.3", "v1.2.3-omos"));
  ASSERT_NE("", base);
  EXPECT_EQ(tags.at(base), tags.at("base-latest"));
  EXPECT_EQ(tags.at("v1.2.3"), tags.at("latest"));
  EXPECT_EQ(tags.at("v1.2.3-omos"), tags.at("latest-omos"));
  EXPECT_NE(tags.at("v1.2.3"), tags.at("v1.2.3-omos"));
}

TEST_F(BuildahPublish, PublishesForTwoPlatformsThenFindsEverythingInPlace) {
  const auto server = Hub();
  const Published first = Run({});
  ASSERT_EQ(0, first.exit_code) << first.out << first.err;
  EXPECT_THAT(first.out, HasSubstr("verdict: published-and-verified"));
  ExpectWholeRelease(Tags());
  EXPECT_THAT(TagPuts(*server), ElementsAre(StartsWith("base-"), "base-latest", "v1.2.3", "latest",
                                            "v1.2.3-omos", "latest-omos"));
  const std::size_t writes = Writes(*server);
  const Published second = Run({});
  EXPECT_EQ(0, second.exit_code) << second.out << second.err;
  EXPECT_EQ(writes, Writes(*server)) << server->Sequence();
  EXPECT_THAT(server->JournalText(), Not(HasSubstr(kPassword)));
}

TEST_F(BuildahPublish, GetsOverAnswersThatGoAway) {
  const auto server = Hub(R"({"faults": [
    {"name": "blob", "when": {"operation": "upload.commit"},
     "do": {"reply": {"status": 503, "page": "nginx"}}, "times": 1},
    {"name": "index", "when": {"operation": "manifest.put", "reference": "v1.2.3"},
     "do": {"reply": {"status": 503, "page": "nginx"}}, "times": 1},
    {"name": "alias", "when": {"operation": "manifest.put", "reference": "latest"},
     "do": {"reply": {"status": 503, "page": "nginx"}}, "times": 1}]})");
  const Published done = Run({});
  ASSERT_EQ(0, done.exit_code) << done.out << done.err;
  ExpectWholeRelease(Tags());
}

TEST_F(BuildahPublish, StopsWhenTheEdgeRefusesTheBase) {
  const auto server = Hub(R"({"faults": [{"name": "edge", "when": {"operation": "upload.commit"},
     "do": {"reply": {"status": 400, "page": "hub-edge"}}}]})");
  const Published stopped = Run({});
  EXPECT_EQ(6, stopped.exit_code) << stopped.out << stopped.err;
  EXPECT_THAT(stopped.out, HasSubstr("the regression has spread to image push"));
  EXPECT_THAT(TagPuts(*server), IsEmpty());
}

TEST_F(BuildahPublish, KilledBetweenItsStepsItGoesOnWhereItStood) {
  const auto server = Hub();
  bool resume = false;
  for (const char* step : {"build ", "manifest push *:base-", "manifest push *:v1.2.3-omos "}) {
    Meddle(Concat(
        {"case \"$* \" in ", ReplaceAll(step, " ", "\\ "), "*) kill -9 $PPID; exit 1 ;; esac"}));
    const auto flags = resume ? std::vector<std::string>{"--resume"} : std::vector<std::string>();
    EXPECT_EQ(128 + SIGKILL, Run(flags).exit_code) << step;
    resume = true;
  }
  std::filesystem::remove(folder_.At("bin/buildah"));
  const Published resumed = Run({"--resume"});
  ASSERT_EQ(0, resumed.exit_code) << resumed.out << resumed.err;
  ExpectWholeRelease(Tags());
  const auto puts = TagPuts(*server);
  for (const char* alias : {"base-latest", "latest", "latest-omos"}) {
    EXPECT_EQ(1, std::count(puts.begin(), puts.end(), alias)) << alias;
  }
}

TEST_F(BuildahPublish, LineThatFailsIsTheBuildersOwnTrouble) {
  folder_.Write("clone/Dockerfile.base", "FROM scratch\nCOPY nowhere /\n");
  Git({"commit", "-qam", "broken"});
  Git({"tag", "v1.2.4"});
  const auto server = Hub();
  const Published failed = Run({"--tag", "v1.2.4"});
  EXPECT_EQ(6, failed.exit_code) << failed.out << failed.err;
  EXPECT_THAT(failed.out, HasSubstr("nowhere"));
  EXPECT_EQ(0U, Writes(*server));
}

TEST_F(BuildahPublish, GivesDebiansRegistryTheSameReleaseWithTheSameDigests) {
  // Dates are part of an image.
  Meddle(R"([ "$1" != build ] || { shift; set -- build --timestamp 0 "$@"; })");
  std::map<std::string, std::string> fake;
  std::uint16_t port = 0;
  {
    const auto server = ServeAs(Against::kStrict, folder_, {});
    access_ = AccessTo(*server, Against::kStrict, folder_, "127.0.0.1");
    folder_.Write("login/config.json", AuthFile(access_));
    port = server->port();
    const Published done = Run({});
    ASSERT_EQ(0, done.exit_code) << done.out << done.err;
    fake = Tags();
    ExpectWholeRelease(fake);
    server->Stop(SIGTERM);
  }
  // Another release state, since this registry knows nothing of the other one's.
  std::filesystem::remove_all(folder_.At("clone/.git/drydock"));
  DockerRegistry registry(port);
  ASSERT_TRUE(registry.WaitUntilItServes()) << registry.complaints();
  const Published done = Run({});
  ASSERT_EQ(0, done.exit_code) << done.out << done.err;
  EXPECT_EQ(fake, Tags());
}

}  // namespace
}  // namespace drydock::testing
