// The git forge that a release asks (Gitea's API): where branches and tags are, workflow runs with
// their jobs, and a job's log with its "Computed base tag:" line.
// Threads: one at a time, as Site says. Source: opencode-devbox.md sections 1c, 4 and 7 (commits
// API, runs read through the API); Gitea API "repository", "actions".
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "simulator/exchange.h"

namespace drydock::simulator {

struct ForgeCommit {
  std::string sha;  // 40 hex digits
  std::string message;
  TimePoint when{};
};

struct ForgeJob {
  std::uint64_t id = 0;
  std::string name;
  std::string status = "completed";
  std::string conclusion = "success";
  std::string log = {};
};

struct ForgeRun {
  std::uint64_t id = 0;
  std::string workflow;  // "docker-publish-split.yml"
  std::string ref;       // "v1.15.12"
  std::string sha;
  std::string status = "completed";
  std::string conclusion = "success";
  TimePoint started{};
  std::vector<ForgeJob> jobs;
};

// Operations: forge.commits, forge.branch, forge.tag, forge.runs, forge.run, forge.jobs, forge.log.
// Route.repository is "owner/name".
class Forge : public Site {
 public:
  // `token` is what runs, jobs and logs want ("Authorization: token …"); "" leaves them open.
  explicit Forge(std::string token = {}) : token_(std::move(token)) {}

  // The branch's newest commit. kInvalid for a name or sha that is none.
  Status Commit(std::string_view repository, std::string_view branch, ForgeCommit commit);
  // kNotFound unless that commit is on a branch.
  Status Tag(std::string_view repository, std::string_view tag, std::string_view sha);
  // kConflict when the id of the run or of a job is taken, kInvalid for no "owner/name".
  Status AddRun(std::string_view repository, ForgeRun run);

  std::unique_ptr<Exchange> Begin(RequestHead head) override;

 private:
  class Visit;
  struct Repository {
    std::map<std::string, std::vector<ForgeCommit>, std::less<>> branches;  // oldest first
    std::map<std::string, std::string, std::less<>> tags;
    std::map<std::uint64_t, ForgeRun> runs;
  };

  const ForgeCommit* FindCommit(const Repository& repository, std::string_view sha) const;

  std::string token_;
  std::map<std::string, Repository, std::less<>> repositories_;
};

}  // namespace drydock::simulator
