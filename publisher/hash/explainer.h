// The search behind Explain, hypothesis by hypothesis. Threads: one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "publisher/hash/explain.h"
#include "publisher/hash/git_project.h"
#include "publisher/hash/trials.h"

namespace drydock::publisher {

class Explainer {
 public:
  Explainer(const HashSubject& subject, const Recipe& recipe, const ExplainOptions& options,
            ExplainReport& report)
      : subject_(subject), recipe_(recipe), options_(options), report_(report) {}

  Status Run();

 private:
  // What a hypothesis starts from: the inputs as they are, or some of them, or a commit's.
  struct Start {
    Trials* trials;
    Sequence sequence;
    std::string but;  // how it differs from the local inputs already: "", ", and without …"
  };
  using Describe = std::function<Explanation()>;

  // explainer.cc
  Status Search();
  void Begin(std::string what);
  void Note(std::string note);
  bool Exhausted();
  Status Try(Trials& trials, const Sequence& sequence, const Describe& describe);
  Status Judge(Trials& trials, const Digest& digest, const std::function<Sequence()>& sequence,
               const Describe& describe);
  // explain_streams.cc: hypotheses about the stream as a whole
  Status TryStreams(const Start& start);
  Status TryLines(const Start& start);
  Status TryFilters(const Start& start);
  Status TryOrders(const Start& start);
  Status TryCollations(const Start& start);
  Status TryLineEndings(const Start& start);
  // explain_files.cc: about single inputs
  void SortOutStrays();
  Status TryStrays();
  Status TryOneLeftOut();
  Status TryOneEdited();
  Status TryTwoLeftOut();
  Status TryOneOf(std::string what, const std::vector<std::size_t>& places);
  Status TryTwoOf(std::string what, const std::vector<std::size_t>& places);
  std::vector<std::size_t> PlacesWithBytes() const;
  Explanation LeftOut(const std::vector<std::size_t>& places) const;
  // explain_history.cc: about other commits
  Status TryHistory();
  Status TryCommit(const HistoryEntry& entry);
  void Compare(const HistoryEntry& entry, const InputList& list);

  const HashSubject& subject_;
  const Recipe& recipe_;
  const ExplainOptions& options_;
  ExplainReport& report_;
  std::optional<GitProject> project_;
  std::string folder_;  // of the project in its repository
  std::optional<InputList> list_;
  std::optional<Trials> trials_;
  std::vector<std::size_t> untracked_;  // places in the list
  std::vector<std::size_t> ignored_;
  std::uint64_t stop_at_ = 0;    // bytes hashed, for the hypothesis in hand
  std::size_t slip_digits_ = 3;  // more than a slip
};

std::string NameOf(const HistoryEntry& entry);
std::vector<std::string> FirstPaths(std::vector<std::string> paths);
Sequence SequenceWithout(const Sequence& sequence, const std::vector<std::size_t>& places);

}  // namespace drydock::publisher
