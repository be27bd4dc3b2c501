// A real dockerd of the test's own: its state in the test's folder, its processes and mounts in
// namespaces that end with it. Threads: one.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/e2e/client.h"
#include "tests/support/child.h"
#include "tests/support/temp_folder.h"

namespace drydock::testing {

// Where docker's programs are.
enum class DockerOf {
  kDebian12,  // this system: docker.io 20.10
  kDebian13,  // the tree that debian13.sh made: docker.io 26.1 with the containerd image store
};

class Engine {
 public:
  // Starts it and waits until it answers; a failure to start fails the test with what it printed.
  // `hosts` is the text of its /etc/hosts; it trusts the authority of `ca_file` (a path in
  // `folder`; empty: whom the system trusts).
  Engine(const TempFolder& folder, DockerOf docker, std::string_view hosts,
         const std::string& ca_file);
  ~Engine();

  // Runs docker's command line where the engine runs. There the folder is /mnt.
  Ended Docker(const std::vector<std::string>& words) const;
  // The same command line without its words, as shell text; `config` is the folder of its
  // config.json there.
  std::string CommandLine(std::string_view config) const;
  // What the engine has printed so far.
  const std::string& log() const { return daemon_->err(); }

 private:
  std::vector<std::string> Client(std::string_view config) const;
  std::vector<std::string> There(const std::vector<std::string>& namespaces) const;

  const TempFolder& folder_;
  const DockerOf docker_;
  std::string ca_file_;
  std::unique_ptr<Child> daemon_;
};

}  // namespace drydock::testing
