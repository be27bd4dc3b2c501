#include "tests/support/docker_registry.h"

#include <signal.h>

#include <chrono>
#include <filesystem>

#include "core/text.h"
#include "tests/support/raw_client.h"

namespace drydock::testing {

DockerRegistry::DockerRegistry(std::uint16_t port)
    : port_(port == 0 ? FreePort() : port),
      child_({"docker-registry", "serve", folder_.Write("config.yml", Configuration())}, {},
             "apt-get install docker-registry") {}

DockerRegistry::~DockerRegistry() { child_.Signal(SIGTERM); }

bool DockerRegistry::WaitUntilItServes() {
  for (int i = 0; i < 300 && child_.running(); ++i) {
    if (RawClient(port_).ok()) {
      return true;
    }
    child_.Read(std::chrono::milliseconds(100));
  }
  return false;
}

void DockerRegistry::Forget() { std::filesystem::remove_all(folder_.path() / "data" / "docker"); }

void DockerRegistry::Listen() { child_.Read(std::chrono::milliseconds(0)); }

std::string DockerRegistry::Configuration() const {
  return Concat({"version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n",
                 "storage:\n  filesystem: {rootdirectory: ", folder_.At("data"),
                 "}\n  delete: {enabled: true}\nhttp: {addr: \"127.0.0.1:", std::to_string(port_),
                 "\"}\n"});
}

}  // namespace drydock::testing
