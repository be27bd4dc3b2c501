// A release made for a test and `drydock publish` run on it: a git clone whose base and two
// variants are built from nothing for two platforms, and a registry that takes them. Threads: one.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/e2e/registry_access.h"
#include "tests/e2e/served.h"
#include "tests/support/temp_folder.h"

namespace drydock::testing {

struct Published {
  int exit_code = 0;
  std::string out;
  std::string err;
};

class ReleaseClone {
 public:
  // `builder` as the release file names it.
  explicit ReleaseClone(std::string_view builder);

  const TempFolder& folder() const { return folder_; }
  void Git(const std::vector<std::string>& arguments) const;

  // A server of ServeAs with these faults, at 127.0.0.1, and the login for it.
  std::unique_ptr<Served> Serve(Against against, std::string_view faults = R"({"faults": []})");
  const RegistryAccess& access() const { return access_; }

  // A program that `drydock publish` finds before all others; `text` is a script without its first
  // line.
  void Program(std::string_view name, std::string_view text) const;

  Published Publish(const std::vector<std::string>& flags,
                    const std::vector<std::string>& environment) const;
  // The program with any command and its flags; HOME and DOCKER_CONFIG are the test's.
  Published Drydock(const std::vector<std::string>& arguments,
                    const std::vector<std::string>& environment) const;

  // Tag to digest of what the registry holds, as skopeo sees it; each must have both platforms.
  std::map<std::string, std::string> Tags() const;

 private:
  int Skopeo(std::vector<std::string> argv, std::string_view tag, std::string* said) const;

  TempFolder folder_;
  RegistryAccess access_;
};

// All six tags of v1.2.3, each alias equal to what it stands for.
void ExpectWholeRelease(const std::map<std::string, std::string>& tags);
// Tags in the order in which they were put.
std::vector<std::string> TagPuts(const Served& server);
// Requests that upload or put something.
std::size_t Writes(const Served& server);

}  // namespace drydock::testing
