#include "tests/e2e/release_clone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include "core/digest.h"
#include "core/json.h"
#include "core/text.h"
#include "tests/support/child.h"

namespace drydock::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr char kRelease[] = R"({
  "image": "acme/devbox",
  "platforms": ["linux/amd64", "linux/arm64"],
  "builder": "BUILDER",
  "base": { "dockerfile": "Dockerfile.base",
    "hash": { "dockerfile": "Dockerfile.base", "tree": "rootfs", "entrypoints": ["entry.sh"] } },
  "variants": [
    { "name": "base", "dockerfile": "Dockerfile", "build-args": { "FLAVOUR": "plain" } },
    { "name": "omos", "suffix": "-omos", "dockerfile": "Dockerfile",
      "build-args": { "FLAVOUR": "omos" } }
  ]
}
)";

}  // namespace

ReleaseClone::ReleaseClone(std::string_view builder) {
  folder_.Write("clone/Dockerfile.base", "FROM scratch\nCOPY rootfs /\nCOPY entry.sh /entry.sh\n");
  folder_.Write("clone/Dockerfile",
                "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nARG FLAVOUR\nCOPY variant /opt/${FLAVOUR}\n");
  folder_.Write("clone/rootfs/etc/motd", "hello\n");
  folder_.Write("clone/entry.sh", "#!/bin/sh\n");
  folder_.Write("clone/variant/tool", "a tool\n");
  folder_.Write("release.json", ReplaceAll(kRelease, "BUILDER", builder));
  std::filesystem::create_directories(folder_.At("bin"));
  Git({"init", "-q"});
  Git({"add", "."});
  Git({"commit", "-q", "-m", "first"});
  Git({"tag", "v1.2.3"});
}

void ReleaseClone::Git(const std::vector<std::string>& arguments) const {
  std::vector<std::string> argv = {"git",         "-C", folder_.At("clone"),        "-c",
                                   "user.name=A", "-c", "user.email=a@example.test"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  EXPECT_EQ(0, RunClient(argv));
}

std::unique_ptr<Served> ReleaseClone::Serve(Against against, std::string_view faults) {
  auto server = ServeAs(against, folder_, {"--faults", folder_.Write("faults.json", faults)});
  access_ = AccessTo(*server, against, folder_, "127.0.0.1");
  folder_.Write("login/config.json", AuthFile(access_));
  return server;
}

void ReleaseClone::Program(std::string_view name, std::string_view text) const {
  const std::string path =
      folder_.Write(Concat({"bin/", name}), Concat({"#!/bin/sh\n", text, "\n"}));
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
}

Published ReleaseClone::Publish(const std::vector<std::string>& flags,
                                const std::vector<std::string>& environment) const {
  std::vector<std::string> arguments = {"publish",    folder_.At("release.json"),
                                        "--context",  folder_.At("clone"),
                                        "--registry", access_.host};
  if (!access_.ca_file.empty()) {
    arguments.insert(arguments.end(), {"--ca-file", access_.ca_file});
  }
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  return Drydock(arguments, environment);
}

Published ReleaseClone::Drydock(const std::vector<std::string>& arguments,
                                const std::vector<std::string>& environment) const {
  std::vector<std::string> argv = {"sh", "-c",
                                   Concat({"PATH='", folder_.At("bin"), "':$PATH exec \"$@\""}),
                                   "sh", DRYDOCK_PROGRAM};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables = {Concat({"HOME=", folder_.At("home")}),
                                        Concat({"DOCKER_CONFIG=", folder_.At("login")})};
  variables.insert(variables.end(), environment.begin(), environment.end());
  Child program(argv, variables);
  const int exit_code = program.Wait(std::chrono::seconds(180));
  return {exit_code, program.out(), program.err()};
}

std::map<std::string, std::string> ReleaseClone::Tags() const {
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
    EXPECT_THAT(raw, HasSubstr("\"amd64\""));
    EXPECT_THAT(raw, HasSubstr("\"arm64\""));
    digests[*tag.as_string()] = Digest::Of(raw).ToString();
  }
  return digests;
}

int ReleaseClone::Skopeo(std::vector<std::string> argv, std::string_view tag,
                         std::string* said) const {
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

std::vector<std::string> TagPuts(const Served& server) {
  std::vector<std::string> tags;
  for (const Seen& seen : server.Requests()) {
    if (seen.operation == "manifest.put" && seen.status == 201 &&
        !seen.reference.starts_with("sha256:")) {
      tags.push_back(seen.reference);
    }
  }
  return tags;
}

std::size_t Writes(const Served& server) {
  const std::vector<Seen> requests = server.Requests();
  return static_cast<std::size_t>(
      std::count_if(requests.begin(), requests.end(), [](const Seen& seen) {
        return seen.operation.starts_with("upload.") || seen.operation == "manifest.put";
      }));
}

}  // namespace drydock::testing
