// A project as a developer's clone has it: a real folder with a real git repository, made from a
// template of scenarios/projects and gone when the value goes. Same input, same commit ids.
// Threads: one Project belongs to one thread. Source: runbook "Prerequisites on the host".
#pragma once

#include <map>
#include <string>
#include <utility>

#include "core/clock.h"
#include "core/result.h"
#include "scenarios/runner/scenario.h"
#include "scenarios/runner/temporary_folder.h"

namespace drydock::scenarios {

class Project {
 public:
  // Copies the template and the spec's files into a fresh temporary folder and commits them.
  // kNotFound for a missing template, kUnavailable when the folder cannot be made. A failure leaves
  // nothing behind.
  static Result<Project> Make(const ProjectSpec& spec);

  const std::string& folder() const { return folder_.path(); }  // never enters a journal

 private:
  explicit Project(TemporaryFolder folder) : folder_(std::move(folder)) {}

  TemporaryFolder folder_;
};

}  // namespace drydock::scenarios
