// What all plays of one scenario share: the project's clone, its release file and base hash, and
// what the Hub holds from earlier releases. Threads: made once, then read only.
// Source: scenarios/runner/scenario.h (HubSpec, ProjectSpec).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "publisher/release/release_file.h"
#include "scenarios/runner/project.h"
#include "scenarios/runner/scenario.h"
#include "scenarios/runner/shelf.h"
#include "scenarios/runner/stage.h"
#include "simulator/registry/store.h"

namespace drydock::scenarios {

// The project at one time.
struct Clone {
  ProjectSpec spec;
  std::shared_ptr<const Project> project;   // the developer's clone
  std::shared_ptr<const Project> checkout;  // CI's, when the developer's is another
  publisher::ReleaseFile release;
  std::string base_hash;  // of the tag's tree: 12 hex digits; "" without a base
  std::string commit;     // that the release tag names

  const std::string& ci_folder() const { return checkout ? checkout->folder() : project->folder(); }
  std::string BaseTag() const;  // "base-0123456789ab"; "" without a base
  // The account that owns the image's repository.
  std::string Owner() const;
};

// The project at the start, and what comes with it.
struct Premises : Clone {
  simulator::Store content;  // of the Hub at the start
  std::vector<Clone> later;  // after each project step, in order
};

// kInvalid when the project has no readable release file or the scenario names a variant it does
// not have; kUnavailable without temporary folders. Leaves nothing behind but what `shelf` keeps.
Result<Premises> MakePremises(const Scenario& scenario, Shelf& shelf);

// The base hash of a folder as its release file asks for it; "" without a base.
Result<std::string> BaseHashOf(const std::string& folder, const publisher::ReleaseFile& release);

}  // namespace drydock::scenarios
