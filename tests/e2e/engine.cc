#include "tests/e2e/engine.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>

#include "core/clock.h"
#include "core/text.h"
#include "tests/e2e/served.h"

namespace drydock::testing {
namespace {

constexpr char kInstall[] = "unshare is in util-linux, dockerd in docker.io; ./dev e2e installs it";

constexpr const char* kPlaceScript = DRYDOCK_SOURCE_DIR "/tests/e2e/place.sh";
constexpr const char* kDebian13Tree = DRYDOCK_BINARY_DIR "/debian13";

// No bridge and no rules of a firewall: nothing here runs a container.
constexpr std::string_view kSettings12 = R"({"storage-driver": "vfs"})";
constexpr std::string_view kSettings13 =
    R"({"storage-driver": "native", "features": {"containerd-snapshotter": true}})";

}  // namespace

Engine::Engine(const TempFolder& folder, DockerOf docker, std::string_view hosts,
               const std::string& ca_file)
    : folder_(folder), docker_(docker) {
  EXPECT_EQ(0U, ::geteuid()) << "dockerd wants root; run this test as root";
  folder_.Write("hosts", hosts);
  folder_.Write("daemon.json", docker == DockerOf::kDebian12 ? kSettings12 : kSettings13);
  if (!ca_file.empty()) {
    ca_file_ = "/mnt/" + std::filesystem::path(ca_file).filename().string();
  }
  std::vector<std::string> argv = There({"--mount", "--pid", "--fork", "--kill-child"});
  argv.insert(argv.end(),
              {"dockerd", "--config-file", "/mnt/daemon.json", "--data-root", "/mnt/docker",
               "--exec-root", "/mnt/docker-exec", "--pidfile", "/run/docker.pid", "--host",
               "unix:///mnt/docker.sock", "--iptables=false", "--bridge=none"});
  daemon_ = std::make_unique<Child>(argv, std::vector<std::string>{}, kInstall);
  const Deadline until = SystemClock().Elapsed() + std::chrono::seconds(60);
  bool ready = false;
  while (!ready && SystemClock().Elapsed() < until &&
         daemon_->Read(std::chrono::milliseconds(200))) {
    ready = log().find("API listen on /mnt/docker.sock") != std::string::npos;
  }
  EXPECT_TRUE(ready) << "dockerd did not start: " << log();
}

Engine::~Engine() {
  // Ends the namespaces' first process and with it all others; they are gone when nobody holds
  // their outputs any more.
  daemon_->Signal(SIGKILL);
  daemon_->Wait();
}

std::vector<std::string> Engine::There(const std::vector<std::string>& namespaces) const {
  std::vector<std::string> argv = {"unshare"};
  argv.insert(argv.end(), namespaces.begin(), namespaces.end());
  argv.insert(argv.end(),
              {"sh", kPlaceScript, docker_ == DockerOf::kDebian12 ? "/" : kDebian13Tree,
               folder_.path().string(), "env", "HOME=/mnt", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"});
  if (!ca_file_.empty()) {
    argv.push_back("SSL_CERT_FILE=" + ca_file_);
  }
  return argv;
}

std::vector<std::string> Engine::Client(std::string_view config) const {
  std::vector<std::string> argv = There({"--mount"});
  argv.insert(argv.end(), {"DOCKER_CLI_EXPERIMENTAL=enabled", "docker", "--config",
                           std::string(config), "--host", "unix:///mnt/docker.sock"});
  return argv;
}

std::string Engine::CommandLine(std::string_view config) const {
  std::string line;
  for (const std::string& word : Client(config)) {
    line += Concat({"'", word, "' "});
  }
  return line;
}

Ended Engine::Docker(const std::vector<std::string>& words) const {
  std::vector<std::string> argv = Client("/mnt/config");
  argv.insert(argv.end(), words.begin(), words.end());
  Ended ended;
  ended.exit_code = RunClient(argv, &ended.said);
  return ended;
}

}  // namespace drydock::testing
