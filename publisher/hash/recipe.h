// What goes into a base hash, as data: inputs in order, each a file, a tree or a literal line.
// Every recipe has a shell text that computes the same hash under LC_ALL=C, for people and tests.
// Threads: values. Source: runbook 3C; opencode-devbox.md section 2.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/result.h"

namespace drydock::publisher {

// The content of one file, links followed, as `cat PATH` gives it.
struct FileInput {
  std::string path;  // relative to the root

  friend bool operator==(const FileInput&, const FileInput&) = default;
};

// The contents of every regular file below a folder, in byte order of their whole paths. Links are
// not followed; names, modes, links and empty folders do not count.
struct TreeInput {
  std::string path;                           // relative to the root
  std::vector<std::string> excluded_folders;  // whole names: "__pycache__"
  std::vector<std::string> excluded_files;    // globs on the last name: "*.pyc"

  friend bool operator==(const TreeInput&, const TreeInput&) = default;
};

// `text` and a newline, as `echo` writes it.
struct LineInput {
  std::string text;

  friend bool operator==(const LineInput&, const LineInput&) = default;
};

using RecipeInput = std::variant<FileInput, TreeInput, LineInput>;

struct Recipe {
  std::string name;  // for messages
  std::vector<RecipeInput> inputs;

  friend bool operator==(const Recipe&, const Recipe&) = default;
};

// `dockerfile`, then `tree` without the junk the runbook filters (bytecode caches, .DS_Store,
// AppleDouble), then each of `entrypoints`, then each of `lines`.
Recipe MakeRecipe(std::string name, std::string dockerfile, std::string tree,
                  const std::vector<std::string>& entrypoints,
                  const std::vector<std::string>& lines = {});

// Dockerfile.base, rootfs, entrypoint.sh, entrypoint-user.sh.
Recipe RunbookRecipe();

// A shipped recipe: "runbook", "runbook-2026-06" (one line: the toolkit's commit) and "pi-devbox"
// (any number of lines: the resolved refs in CI's order). kInvalid for an unknown name, with the
// nearest known one, and for a number of lines the recipe does not take.
Result<Recipe> NamedRecipe(std::string_view name, const std::vector<std::string>& lines = {});
std::vector<std::string> RecipeNames();

// A POSIX shell pipeline that prints the first 12 hex digits; run it in the root under LC_ALL=C.
std::string ShellText(const Recipe& recipe);

}  // namespace drydock::publisher
