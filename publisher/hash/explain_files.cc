// Hypotheses about single inputs: counted here and not in CI, or with other bytes.
#include <algorithm>
#include <map>
#include <utility>

#include "core/text.h"
#include "publisher/hash/explainer.h"

namespace drydock::publisher {
namespace {

constexpr std::uint64_t kEditedMost = 16 << 20;  // bytes; texts are smaller

std::string Counted(std::size_t count, std::string_view what) {
  return Concat({std::to_string(count), " ", what, count == 1 ? " file" : " files"});
}

}  // namespace

void Explainer::SortOutStrays() {
  if (!project_ || !subject_.is_tree()) {
    return;
  }
  const auto& inputs = list_->inputs();
  for (std::size_t at = 0; at < inputs.size(); ++at) {
    if (inputs[at].is_line() || inputs[at].size == 0) {
      continue;  // cannot change the hash
    }
    const auto standing = project_->StandingOf(inputs[at].path);
    if (standing != GitProject::Standing::kTracked) {
      (standing == GitProject::Standing::kIgnored ? ignored_ : untracked_).push_back(at);
    }
  }
}

Explanation Explainer::LeftOut(const std::vector<std::size_t>& places) const {
  Explanation told;
  bool stray = false;
  std::vector<std::string> whats;
  for (const std::size_t at : places) {
    const std::string& path = list_->inputs()[at].path;
    const bool is_ignored = std::find(ignored_.begin(), ignored_.end(), at) != ignored_.end();
    const bool is_untracked =
        std::find(untracked_.begin(), untracked_.end(), at) != untracked_.end();
    stray = stray || is_ignored || is_untracked;
    told.paths.push_back(path);
    whats.push_back(Concat({path, is_ignored     ? " (ignored by git)"
                                  : is_untracked ? " (not tracked by git)"
                                                 : ""}));
  }
  told.kind = stray ? "untracked" : "absent";
  told.what = Concat({"counted here and not there: ", Join(FirstPaths(std::move(whats)), ", ")});
  told.advice = stray ? "remove it from the tree, or commit it, and hash again; --git HEAD counts "
                        "tracked files only"
                      : "CI could not read it or did not have it, which the recipe hides: look at "
                        "its mode and at CI's checkout";
  return told;
}

Status Explainer::TryStrays() {
  if (!project_ || !subject_.is_tree()) {
    return Ok();
  }
  Begin("without files that git does not track");
  std::vector<std::size_t> all = untracked_;
  all.insert(all.end(), ignored_.begin(), ignored_.end());
  std::sort(all.begin(), all.end());
  if (all.empty()) {
    Note("git tracks every input");
    return Ok();
  }
  if (all.size() == list_->inputs().size()) {
    Note("git tracks none of the inputs");
    return Ok();
  }
  std::vector<std::vector<std::size_t>> sets = {all};
  if (!untracked_.empty() && !ignored_.empty()) {
    sets.push_back(untracked_);
    sets.push_back(ignored_);
  }
  std::map<std::string, std::vector<std::size_t>> by_folder;
  for (const std::size_t at : all) {
    const std::string& path = list_->inputs()[at].path;
    const std::size_t slash = path.rfind('/');
    by_folder[slash == std::string::npos ? "" : path.substr(0, slash)].push_back(at);
  }
  for (auto& [folder, places] : by_folder) {
    if (places.size() < all.size()) {
      sets.push_back(std::move(places));
    }
  }
  for (const auto& places : sets) {
    const Describe describe = [&] { return LeftOut(places); };
    if (Status tried = Try(*trials_, SequenceWithout(trials_->BaseSequence(), places), describe);
        !tried || report_.explained()) {
      return tried;
    }
  }
  if (Status tried = TryOneOf("one of these files left out", all); !tried || report_.explained()) {
    return tried;
  }
  if (Status tried = TryTwoOf("two of these files left out", all); !tried || report_.explained()) {
    return tried;
  }
  const std::string but = Concat({", and without ", Counted(untracked_.size(), "untracked"),
                                  " and ", Counted(ignored_.size(), "ignored")});
  return TryStreams({&*trials_, SequenceWithout(trials_->BaseSequence(), all), but});
}

std::vector<std::size_t> Explainer::PlacesWithBytes() const {
  std::vector<std::size_t> places;
  for (std::size_t at = 0; at < list_->inputs().size(); ++at) {
    if (list_->inputs()[at].size > 0) {
      places.push_back(at);
    }
  }
  return places;
}

Status Explainer::TryOneLeftOut() { return TryOneOf("one input left out", PlacesWithBytes()); }

Status Explainer::TryTwoLeftOut() { return TryTwoOf("two inputs left out", PlacesWithBytes()); }

// From the end, where a trial costs least.
Status Explainer::TryOneOf(std::string what, const std::vector<std::size_t>& places) {
  Begin(std::move(what));
  for (auto place = places.rbegin(); place != places.rend() && !Exhausted(); ++place) {
    const std::size_t at = *place;
    auto digest = trials_->WithoutOne(at);
    if (!digest) {
      return std::move(digest).error();
    }
    Status judged = Judge(
        *trials_, *digest, [&] { return SequenceWithout(trials_->BaseSequence(), {at}); },
        [&] { return LeftOut({at}); });
    if (!judged || report_.explained()) {
      return judged;
    }
  }
  return Ok();
}

Status Explainer::TryOneEdited() {
  Begin("one file with other line endings, byte-order mark or newline at its end");
  const auto& inputs = list_->inputs();
  for (std::size_t at = inputs.size(); at-- > 0;) {
    if (inputs[at].is_line() || inputs[at].size > kEditedMost) {
      continue;
    }
    auto content = list_->Content(at);
    if (!content) {
      return std::move(content).error();
    }
    for (const Edit edit : {Edit::kCrlf, Edit::kLf, Edit::kWithBom, Edit::kWithoutBom,
                            Edit::kWithNewline, Edit::kWithoutNewline}) {
      if (Exhausted()) {
        return Ok();
      }
      const auto edited = Edited(edit, *content);
      if (!edited) {
        continue;
      }
      auto digest = trials_->WithOther(at, *edited);
      if (!digest) {
        return std::move(digest).error();
      }
      const auto sequence = [&] {
        Sequence all = trials_->BaseSequence();
        all[at].edit = edit;
        return all;
      };
      const Describe describe = [&] {
        Explanation told;
        told.kind = "content";
        told.what = Concat({inputs[at].path, " with ", Name(edit)});
        told.paths = {inputs[at].path};
        told.advice = "compare the file with CI's: an editor or git's settings changed it";
        return told;
      };
      if (Status judged = Judge(*trials_, *digest, sequence, describe);
          !judged || report_.explained()) {
        return judged;
      }
    }
  }
  return Ok();
}

Status Explainer::TryTwoOf(std::string what, const std::vector<std::size_t>& places) {
  if (places.size() < 2) {
    return Ok();
  }
  Begin(std::move(what));
  for (std::size_t first = places.size() - 1; first-- > 0 && !Exhausted();) {
    const std::size_t one = places[first];
    Status judged = Ok();
    const auto take = [&](std::size_t other, const Digest& digest) {
      judged = Judge(
          *trials_, digest,
          [&] {
            return SequenceWithout(trials_->BaseSequence(), {one, other});
          },
          [&] {
            return LeftOut({one, other});
          });
      return judged.ok() && !report_.explained() && !Exhausted();
    };
    const std::vector<std::size_t> others(places.begin() + static_cast<std::ptrdiff_t>(first) + 1,
                                          places.end());
    if (Status tried = trials_->WithoutTwo(one, others, take); !tried) {
      return tried;
    }
    if (!judged || report_.explained()) {
      return judged;
    }
  }
  return Ok();
}

}  // namespace drydock::publisher
