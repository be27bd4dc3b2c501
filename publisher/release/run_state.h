// What a publish run remembers between attempts: the versions it settled on and the digests it
// published. It is a memory, not the truth: a resume asks the registry first and sends only what is
// missing there. Threads: one run at a time per store.
// Source: design.md "kill it at any instant"; incidents.md section 5, rule 12.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/result.h"

namespace drydock::publisher {

struct RunState {
  std::string image;                            // "joakimp/opencode-devbox"
  std::string tag;                              // "v1.15.12"
  std::string commit;                           // the tag's commit when the run began
  std::string base_tag;                         // "base-0123456789ab"; "" when there is no base
  std::map<std::string, std::string> versions;  // build argument to concrete version
  // Version tags whose build this run began, noted before the builder starts: should such a tag be
  // at the registry, it is (or may be) ours, made from `commit`, even if the run was killed before
  // it could note the digest.
  std::set<std::string> begun;
  std::map<std::string, std::string> published;  // tag to digest, as this run left them

  friend bool operator==(const RunState&, const RunState&) = default;
};

std::string ToJson(const RunState& state);
// kInvalid when the text is no run state, with `source` in front.
Result<RunState> ParseRunState(std::string_view text, std::string_view source);

class RunStateStore {
 public:
  virtual ~RunStateStore() = default;
  // nullopt when nothing was ever stored.
  virtual Result<std::optional<RunState>> Load() = 0;
  // All or nothing: after a crash the old state or the new one is there, never a mixture.
  virtual Status Save(const RunState& state) = 0;
  // Where it is kept, for messages.
  virtual std::string Describe() const = 0;
};

// One file, replaced by rename. Makes its folder when it is missing.
class FileRunStateStore : public RunStateStore {
 public:
  explicit FileRunStateStore(std::string path) : path_(std::move(path)) {}
  Result<std::optional<RunState>> Load() override;
  Status Save(const RunState& state) override;
  std::string Describe() const override { return path_; }

 private:
  std::string path_;
};

// Keeps the state in memory, as text, so that what a file would lose is lost here too.
class MemoryRunStateStore : public RunStateStore {
 public:
  Result<std::optional<RunState>> Load() override;
  Status Save(const RunState& state) override;
  std::string Describe() const override { return "memory"; }

 private:
  std::string text_;
};

}  // namespace drydock::publisher
