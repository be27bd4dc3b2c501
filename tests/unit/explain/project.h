// A project in a git repository of its own, for tests. Threads: one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "publisher/hash/input_list.h"
#include "publisher/hash/recipe.h"
#include "tests/support/temp_folder.h"

namespace drydock::publisher {

class Project {
 public:
  // A committed project with the tag "v1".
  Project();

  std::string root() const { return folder_.At("repo"); }
  const testing::TempFolder& folder() const { return folder_; }
  HashSubject Subject() const { return {root(), "", ""}; }
  HashSubject At(const std::string& ref) const { return {root(), ref, ""}; }

  void Git(std::vector<std::string> words) const;
  void Write(const std::string& name, std::string_view bytes) const;
  std::string Read(const std::string& name) const;
  void Remove(const std::string& name) const;
  void Commit(const std::string& tag) const;
  // What the hash is while `shell`, run in a copy of the working tree, has done its work there.
  std::string HashAfter(const std::string& shell, const Recipe& recipe = RunbookRecipe(),
                        const std::string& environment = "LC_ALL=C") const;
  // What a shell prints in the root.
  std::string Shell(const std::string& text, const std::string& environment = "LC_ALL=C") const;

 private:
  testing::TempFolder folder_;
};

}  // namespace drydock::publisher
