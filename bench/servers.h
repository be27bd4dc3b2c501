// The servers of the contest, each a child process on a free port of loopback: drydock itself with
// its content in memory or on disk, nginx with a static file and a fixed answer, Debian's
// docker-registry with its filesystem driver.
// Threads: one. Source: issue 4 section 6.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"

namespace drydock::bench {

class Server {
 public:
  // Runs `argv` and waits until `url` is answered, whatever the status; kTimeout after 20 s.
  static Result<std::unique_ptr<Server>> Start(const std::vector<std::string>& argv,
                                               std::string url);
  ~Server();  // SIGTERM, and waits
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // "http://127.0.0.1:40123", without a path.
  const std::string& url() const { return url_; }
  // The most memory that was resident at any time.
  std::uint64_t PeakBytes() const;

 private:
  Server(pid_t pid, std::string url) : pid_(pid), url_(std::move(url)) {}

  pid_t pid_;
  std::string url_;
};

// In memory without `store`, else in that folder.
Result<std::unique_ptr<Server>> StartDrydock(const std::string& program, const std::string& store);
// `folder` holds its files, the one to be served ("blob") included. /fixed answers 200.
Result<std::unique_ptr<Server>> StartNginx(const std::string& folder);
Result<std::unique_ptr<Server>> StartDockerRegistry(const std::string& folder);

// Seconds from exec to the first answer of a `drydock serve`, which is ended then.
Result<double> SecondsToFirstAnswer(const std::string& program);

}  // namespace drydock::bench
