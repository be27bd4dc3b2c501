#include "scenarios/runner/shelf.h"

#include <utility>

#include "core/clock.h"
#include "core/text.h"

namespace drydock::scenarios {

std::string KeyOf(const ProjectSpec& spec) {
  std::string key = Concat({spec.folder, "\n", spec.tag, "\n", spec.dirty ? "dirty" : "clean", "\n",
                            spec.head_at_tag ? "at-tag" : "ahead", "\n", spec.crlf ? "crlf" : "lf",
                            "\n", FormatRfc3339(spec.committed), "\n"});
  for (const auto* files : {&spec.files, &spec.modes, &spec.links, &spec.untracked}) {
    for (const auto& [name, text] : *files) {
      key += Concat({name, " ", std::to_string(text.size()), "\n", text, "\n"});
    }
    key += "\n";
  }
  return spec.before ? key + KeyOf(*spec.before) : key;
}

Result<std::shared_ptr<const Project>> Shelf::Clone(const ProjectSpec& spec) {
  const std::string key = KeyOf(spec);
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = clones_.find(key);
  if (found != clones_.end()) {
    return found->second;
  }
  auto made = Project::Make(spec);
  if (!made) {
    return made.error();
  }
  auto shared = std::make_shared<const Project>(std::move(*made));
  clones_[key] = shared;
  return shared;
}

Result<simulator::Store> Shelf::Content(const std::string& key,
                                        const std::function<Result<simulator::Store>()>& make) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = contents_.find(key);
  if (found != contents_.end()) {
    return simulator::Store(found->second);
  }
  auto made = make();
  if (made) {
    contents_.emplace(key, *made);
  }
  return made;
}

}  // namespace drydock::scenarios
