// Debian's docker-registry (distribution 2.8.2) as a child of the test, on loopback, without login.
// Threads: one.
#pragma once

#include <cstdint>
#include <string>

#include "tests/support/child.h"
#include "tests/support/temp_folder.h"

namespace drydock::testing {

class DockerRegistry {
 public:
  // On that port, or on a free one for 0.
  explicit DockerRegistry(std::uint16_t port = 0);
  ~DockerRegistry();
  DockerRegistry(const DockerRegistry&) = delete;
  DockerRegistry& operator=(const DockerRegistry&) = delete;

  // False when it does not answer within half a minute.
  bool WaitUntilItServes();
  // Empty again. It keeps nothing in memory that outlives its files.
  void Forget();
  // Takes in what it complains of: with a full pipe it would stand still.
  void Listen();

  std::uint16_t port() const { return port_; }
  const std::string& complaints() const { return child_.err(); }

 private:
  std::string Configuration() const;

  TempFolder folder_;
  std::uint16_t port_;
  Child child_;
};

}  // namespace drydock::testing
