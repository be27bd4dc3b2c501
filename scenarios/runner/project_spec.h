// The project that a scenario publishes: what it is at the start, and how a step changes it.
// Threads: plain values. Source: docs/scenario-format.md, "world" and "steps".
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/clock.h"

namespace drydock::scenarios {

// A real folder with a real git repository is made of this and removed at the end.
struct ProjectSpec {
  std::string folder;  // template folder, absolute; its files are copied and committed
  std::string tag;     // the release to publish, "v1.15.12"
  std::map<std::string, std::string> files;      // written over the template before the commit
  std::map<std::string, std::string> modes;      // "644" or "755", of files that are there
  std::map<std::string, std::string> links;      // what they lead to, in the place of any file
  bool dirty = false;                            // an uncommitted change stays in the work tree
  bool head_at_tag = true;                       // false: one more commit lies on top of the tag
  std::map<std::string, std::string> untracked;  // texts written beside what was committed
  bool crlf = false;  // checked out with core.autocrlf: the work tree has CRLF, git calls it clean
  TimePoint committed{};
  std::shared_ptr<const ProjectSpec> before;  // the release before, the commit's parent; null: none
};

// The developer commits, tags or spoils something: what the project is from here on. Tag and files
// stay unless named; the work tree is clean and at the tag unless the step says otherwise.
struct ProjectStep {
  std::string folder;  // another template, and none of the files; "": as before
  std::string tag;     // "": as before
  std::map<std::string, std::string> files;  // over those before, as the next two
  std::map<std::string, std::string> modes;
  std::map<std::string, std::string> links;
  bool dirty = false;
  bool head_at_tag = true;
  std::map<std::string, std::string> untracked;
  bool crlf = false;
};

}  // namespace drydock::scenarios
