// Real registry clients under one set of verbs, for the matrix of docs/clients.md. Each keeps its
// storage, settings and caches in the test's folder. Threads: one.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/e2e/oci_layout.h"
#include "tests/e2e/registry_access.h"
#include "tests/support/temp_folder.h"

namespace drydock::testing {

struct Ended {
  int exit_code = 0;
  std::string said;  // both outputs
};

// Names are without a host: "acme/one:v1". What a client does not offer is a failure of the test.
class RegistryClient {
 public:
  RegistryClient(const TempFolder& folder, RegistryAccess access)
      : folder_(folder), access_(std::move(access)) {}
  virtual ~RegistryClient() = default;

  // Makes the image of a layout the one to push; gives the diff id of its layer, "" if the client
  // builds the layer itself.
  virtual std::string Take(const OciLayout& layout) = 0;
  virtual Ended Push(std::string_view name) = 0;
  // All platforms of the layout, with an index on top.
  virtual Ended PushIndex(const OciLayout& layout, std::string_view name);
  virtual Ended Pull(std::string_view name) = 0;
  // The diff ids, as text, of what was pulled under that name.
  virtual std::string LayersOf(std::string_view name) = 0;
  virtual Ended Inspect(std::string_view name);
  virtual Ended Delete(std::string_view name);
  // The first thing that a person with a wrong password would try.
  virtual Ended TryPassword(std::string_view name) { return Push(name); }

 protected:
  // "127.0.0.1:40123/acme/one:v1"
  std::string At(std::string_view name) const;
  bool plain() const { return access_.ca_file.empty(); }

  const TempFolder& folder_;
  const RegistryAccess access_;
};

// By the name that docs/clients.md has: "skopeo 1.9", "podman 4.3", …
std::unique_ptr<RegistryClient> MakeClient(std::string_view name, const TempFolder& folder,
                                           const RegistryAccess& access);

std::unique_ptr<RegistryClient> MakeSkopeo(const TempFolder& folder, const RegistryAccess& access);
std::unique_ptr<RegistryClient> MakeBuildah(const TempFolder& folder, const RegistryAccess& access);
std::unique_ptr<RegistryClient> MakePodman(const TempFolder& folder, const RegistryAccess& access);
// Images that umoci makes and unpacks; skopeo carries them, since umoci speaks to no registry.
std::unique_ptr<RegistryClient> MakeUmoci(const TempFolder& folder, const RegistryAccess& access);
// Each starts an engine of its own.
std::unique_ptr<RegistryClient> MakeDocker20(const TempFolder& folder,
                                             const RegistryAccess& access);
std::unique_ptr<RegistryClient> MakeDocker26(const TempFolder& folder,
                                             const RegistryAccess& access);
std::unique_ptr<RegistryClient> MakeBuildx(const TempFolder& folder, const RegistryAccess& access);

}  // namespace drydock::testing
