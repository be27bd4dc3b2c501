// docker's own client and engine, of Debian 12 (20.10) and of Debian 13 (26.1, where buildx builds
// and pushes).
#include <gtest/gtest.h>

#include "core/text.h"
#include "tests/e2e/engine.h"
#include "tests/e2e/served.h"

namespace drydock::testing {
namespace {

// Loopback addresses of IPv4 are insecure to docker: it does not ask who signed the certificate. By
// IPv6 it does.
constexpr char kHostsIpv6Only[] = "::1 localhost\n";
const std::string kHosts = Concat({"127.0.0.1 localhost\n::1 localhost ", kHubName, "\n"});

class DockerClient : public RegistryClient {
 public:
  DockerClient(const TempFolder& folder, const RegistryAccess& access, DockerOf docker,
               std::string_view hosts)
      : RegistryClient(folder, access), engine_(folder, docker, hosts, access_.ca_file) {
    folder_.Write("config/config.json", AuthFile(access));
  }

  Ended Pull(std::string_view name) override { return engine_.Docker({"pull", At(name)}); }
  std::string LayersOf(std::string_view name) override {
    return engine_.Docker({"image", "inspect", "--format", "{{json .RootFS.Layers}}", At(name)})
        .said;
  }
  Ended Inspect(std::string_view name) override {
    return engine_.Docker(Insecure({"manifest", "inspect", At(name)}));
  }

 protected:
  // "docker manifest" speaks to the registry without the engine and wants to be told.
  std::vector<std::string> Insecure(std::vector<std::string> words) const {
    if (plain()) {
      words.insert(words.begin() + 2, "--insecure");
    }
    return words;
  }

  Engine engine_;
};

class Docker : public DockerClient {
 public:
  using DockerClient::DockerClient;

  std::string Take(const OciLayout& layout) override {
    Load(layout, layout.architectures().front(), "taken:v1");
    return layout.DiffId();
  }
  Ended Push(std::string_view name) override { return PushAs("taken:v1", name); }
  Ended TryPassword(std::string_view /*name*/) override {
    return engine_.Docker(
        {"login", "--username", access_.user, "--password", access_.password, access_.host});
  }
  Ended PushIndex(const OciLayout& layout, std::string_view name) override {
    std::vector<std::string> create = Insecure({"manifest", "create", At(name)});
    for (const std::string& architecture : layout.architectures()) {
      const std::string one = Concat({name, "-", architecture});
      Load(layout, architecture, "taken:" + architecture);
      const Ended pushed = PushAs("taken:" + architecture, one);
      EXPECT_EQ(0, pushed.exit_code) << pushed.said;
      create.push_back(At(one));
    }
    const Ended created = engine_.Docker(create);
    EXPECT_EQ(0, created.exit_code) << created.said;
    return engine_.Docker(Insecure({"manifest", "push", At(name)}));
  }

 private:
  void Load(const OciLayout& layout, const std::string& architecture, const std::string& name) {
    const std::string archive = name.substr(name.find(':') + 1) + ".tar";
    std::string said;
    EXPECT_EQ(0, RunClient({"skopeo", "--insecure-policy", "--override-arch", architecture, "copy",
                            layout.Reference(),
                            Concat({"docker-archive:", folder_.At(archive), ":", name})},
                           &said))
        << said;
    const Ended loaded = engine_.Docker({"load", "--input", "/mnt/" + archive});
    EXPECT_EQ(0, loaded.exit_code) << loaded.said;
  }

  Ended PushAs(const std::string& local, std::string_view name) {
    EXPECT_EQ(0, engine_.Docker({"tag", local, At(name)}).exit_code);
    return engine_.Docker({"push", At(name)});
  }
};

class Buildx : public DockerClient {
 public:
  using DockerClient::DockerClient;

  std::string Take(const OciLayout& layout) override {
    folder_.Write("context/Dockerfile", "FROM scratch\nCOPY content /content\n");
    folder_.Write("context/content", layout.Content(layout.architectures().front()));
    return "";
  }
  Ended Push(std::string_view name) override { return Build(name, "linux/amd64"); }
  Ended PushIndex(const OciLayout& layout, std::string_view name) override {
    Take(layout);
    return Build(name, "linux/amd64,linux/arm64");
  }

 private:
  Ended Build(std::string_view name, const std::string& platforms) const {
    return engine_.Docker({"buildx", "build", "--push", "--provenance=false", "--platform",
                           platforms, "--tag", At(name), "/mnt/context"});
  }
};

}  // namespace

std::unique_ptr<RegistryClient> MakeDocker20(const TempFolder& folder,
                                             const RegistryAccess& access) {
  return std::make_unique<Docker>(folder, access, DockerOf::kDebian12, kHostsIpv6Only);
}

std::unique_ptr<RegistryClient> MakeDocker26(const TempFolder& folder,
                                             const RegistryAccess& access) {
  return std::make_unique<Docker>(folder, access, DockerOf::kDebian13, kHosts);
}

std::unique_ptr<RegistryClient> MakeBuildx(const TempFolder& folder, const RegistryAccess& access) {
  return std::make_unique<Buildx>(folder, access, DockerOf::kDebian13, kHosts);
}

}  // namespace drydock::testing
