// Clients of the containers family, which share their settings: skopeo, buildah, podman; and umoci,
// whose images skopeo carries.
#include <gtest/gtest.h>

#include <filesystem>

#include "core/text.h"
#include "tests/e2e/client.h"
#include "tests/e2e/served.h"

namespace drydock::testing {
namespace {

// Settings, and what they remember of blobs and registries, live in one place of the machine each.
// Here each test has places of its own, or one would try to mount what another had pushed.
constexpr char kInPlacesOfItsOwn[] = R"(
mkdir -p /etc/containers /var/lib/containers
mount --bind "$0/etc" /etc/containers
mount --bind "$0/var" /var/lib/containers
cd "$0"
exec env "$@")";

class ContainersClient : public RegistryClient {
 public:
  ContainersClient(const TempFolder& folder, const RegistryAccess& access)
      : RegistryClient(folder, access) {
    std::filesystem::create_directories(folder_.At("var"));
    folder_.Write("auth.json", AuthFile(access));
    folder_.Write("etc/policy.json", R"({"default": [{"type": "insecureAcceptAnything"}]})");
    folder_.Write("etc/registries.conf",
                  Concat({"[[registry]]\nlocation = \"", access.host,
                          "\"\ninsecure = ", plain() ? "true" : "false", "\n"}));
  }

 protected:
  Ended Run(const std::vector<std::string>& words) const {
    std::vector<std::string> argv = {"unshare",
                                     "--mount",
                                     "sh",
                                     "-euc",
                                     kInPlacesOfItsOwn,
                                     folder_.path().string(),
                                     "BUILDAH_ISOLATION=chroot",
                                     Concat({"REGISTRY_AUTH_FILE=", folder_.At("auth.json")})};
    if (!plain()) {
      argv.push_back(Concat({"SSL_CERT_FILE=", access_.ca_file}));
    }
    argv.insert(argv.end(), words.begin(), words.end());
    Ended ended;
    ended.exit_code = RunClient(argv, &ended.said);
    return ended;
  }

  Ended Copy(const std::string& from, const std::string& to) const {
    return Run({"skopeo", "copy", from, to});
  }
  std::string Remote(std::string_view name) const { return "docker://" + At(name); }
};

class Skopeo : public ContainersClient {
 public:
  using ContainersClient::ContainersClient;

  std::string Take(const OciLayout& layout) override {
    taken_ = layout.Reference();
    return layout.DiffId();
  }
  Ended Push(std::string_view name) override { return Copy(taken_, Remote(name)); }
  Ended PushIndex(const OciLayout& layout, std::string_view name) override {
    return Run({"skopeo", "copy", "--all", layout.Reference(), Remote(name)});
  }
  Ended Pull(std::string_view name) override { return Copy(Remote(name), "oci:out:v1"); }
  std::string LayersOf(std::string_view /*name*/) override {
    BlobsOf(folder_.At("out"));  // checks them
    return Run({"skopeo", "inspect", "--config", "oci:out:v1"}).said;
  }
  Ended Inspect(std::string_view name) override {
    return Run({"skopeo", "inspect", "--raw", Remote(name)});
  }
  Ended Delete(std::string_view name) override { return Run({"skopeo", "delete", Remote(name)}); }

 private:
  std::string taken_;
};

// buildah and podman: images go through a store of theirs.
class StoreClient : public ContainersClient {
 public:
  StoreClient(const TempFolder& folder, const RegistryAccess& access,
              std::vector<std::string> program, std::vector<std::string> layers)
      : ContainersClient(folder, access),
        program_(std::move(program)),
        layers_(std::move(layers)) {}

  std::string Take(const OciLayout& layout) override {
    taken_ = TakeOne(layout, layout.architectures().front());
    return layout.DiffId();
  }
  Ended Push(std::string_view name) override { return Store({"push", taken_, Remote(name)}); }
  Ended PushIndex(const OciLayout& layout, std::string_view name) override {
    EXPECT_EQ(0, Store({"manifest", "create", "list"}).exit_code);
    for (const std::string& architecture : layout.architectures()) {
      const Ended added =
          Store({"manifest", "add", "list", "containers-storage:" + TakeOne(layout, architecture)});
      EXPECT_EQ(0, added.exit_code) << added.said;
    }
    return Store({"manifest", "push", "--all", "list", Remote(name)});
  }
  Ended Pull(std::string_view name) override { return Store({"pull", Remote(name)}); }
  std::string LayersOf(std::string_view name) override {
    std::vector<std::string> words = layers_;
    words.push_back(At(name));
    return Store(words).said;
  }
  Ended Inspect(std::string_view name) override { return Store({"manifest", "inspect", At(name)}); }

 private:
  Ended Store(const std::vector<std::string>& words) const {
    std::vector<std::string> argv = program_;
    argv.insert(argv.end(), words.begin(), words.end());
    return Run(argv);
  }

  // The id of that platform's image in the store.
  std::string TakeOne(const OciLayout& layout, const std::string& architecture) const {
    const Ended pulled =
        Store({"pull", "-q", "--arch", architecture, Concat({"oci:", layout.name(), ":v1"})});
    EXPECT_EQ(0, pulled.exit_code) << pulled.said;
    return pulled.said.substr(0, pulled.said.find('\n'));
  }

  const std::vector<std::string> program_;
  const std::vector<std::string> layers_;
  std::string taken_;
};

class Umoci : public ContainersClient {
 public:
  using ContainersClient::ContainersClient;

  std::string Take(const OciLayout& layout) override {
    folder_.Write("content", layout.Content(layout.architectures().front()));
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {"umoci", "init", "--layout", "umoci"},
             {"umoci", "new", "--image", "umoci:v1"},
             {"umoci", "insert", "--image", "umoci:v1", "content", "/content"},
         }) {
      const Ended ended = Run(words);
      EXPECT_EQ(0, ended.exit_code) << ended.said;
    }
    return "";
  }
  Ended Push(std::string_view name) override { return Copy("oci:umoci:v1", Remote(name)); }
  Ended Pull(std::string_view name) override { return Copy(Remote(name), "oci:out:v1"); }
  std::string LayersOf(std::string_view /*name*/) override {
    const Ended unpacked = Run({"umoci", "unpack", "--image", "out:v1", "bundle"});
    EXPECT_EQ(0, unpacked.exit_code) << unpacked.said;
    return DiffIdOf("content", ReadFile(folder_.At("bundle/rootfs/content")));
  }
};

}  // namespace

std::unique_ptr<RegistryClient> MakeSkopeo(const TempFolder& folder, const RegistryAccess& access) {
  return std::make_unique<Skopeo>(folder, access);
}

std::unique_ptr<RegistryClient> MakeBuildah(const TempFolder& folder,
                                            const RegistryAccess& access) {
  return std::make_unique<StoreClient>(
      folder, access,
      std::vector<std::string>{"buildah", "--root", folder.At("storage"), "--runroot",
                               folder.At("run"), "--storage-driver", "vfs"},
      std::vector<std::string>{"inspect", "--type", "image", "--format",
                               "{{.OCIv1.RootFS.DiffIDs}}"});
}

std::unique_ptr<RegistryClient> MakePodman(const TempFolder& folder, const RegistryAccess& access) {
  return std::make_unique<StoreClient>(
      folder, access,
      std::vector<std::string>{"podman", "--root", folder.At("storage"), "--runroot",
                               folder.At("run"), "--tmpdir", folder.At("tmp"),
                               "--network-config-dir", folder.At("net"), "--storage-driver", "vfs",
                               "--events-backend", "none", "--cgroup-manager", "cgroupfs"},
      std::vector<std::string>{"image", "inspect", "--format", "{{.RootFS.Layers}}"});
}

std::unique_ptr<RegistryClient> MakeUmoci(const TempFolder& folder, const RegistryAccess& access) {
  return std::make_unique<Umoci>(folder, access);
}

}  // namespace drydock::testing
