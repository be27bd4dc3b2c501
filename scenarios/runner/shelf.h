// What the plays of many scenarios share, made once and then only read: clones of a project, and
// what the Hub holds of its earlier release. Half of the files publish the same project.
// Threads: any; whoever asks for what is being made waits for it.
// Source: docs/adr/0037-shared-premises.md.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/result.h"
#include "scenarios/runner/git_session.h"
#include "scenarios/runner/project.h"
#include "scenarios/runner/scenario.h"
#include "simulator/registry/store.h"

namespace drydock::scenarios {

class Shelf {
 public:
  // The clone that `spec` asks for; its folder stays until the last holder and the shelf are gone,
  // and nobody may write into it. Errors as Project::Make, kept for nobody.
  Result<std::shared_ptr<const Project>> Clone(const ProjectSpec& spec);

  // What `make` gave when `key` was asked for first; errors are not kept.
  Result<simulator::Store> Content(const std::string& key,
                                   const std::function<Result<simulator::Store>()>& make);

 private:
  GitSession git_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Project>> clones_;
  std::map<std::string, simulator::Store> contents_;
};

// Everything in `spec` as one text.
std::string KeyOf(const ProjectSpec& spec);

}  // namespace drydock::scenarios
