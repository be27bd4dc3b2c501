// `drydock hash`: the base hash of a working tree or of a commit.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "core/clock.h"
#include "core/text.h"
#include "publisher/hash/base_hash.h"
#include "publisher/hash/recipe.h"
#include "publisher/hash/tree_source.h"
#include "publisher/release/release_file.h"

namespace drydock::cli {
namespace {

using publisher::BaseHash;
using publisher::HashOptions;
using publisher::HashProgress;
using publisher::Recipe;

constexpr int kExitRefused = 1;

constexpr char kFooter[] =
    "Prints the 12 hex digits that follow \"base-\" in the base image's tag, alone on a line.\n"
    "\n"
    "A second run reads only from the first changed file on: checkpoints lie in the XDG cache "
    "folder\n"
    "(~/.cache/drydock/hash).\n"
    "\n"
    "Examples:\n"
    "  drydock hash                      the working tree in the current folder\n"
    "  drydock hash ~/opencode-devbox    another one\n"
    "  drydock hash --git v1.15.12       the tag, as CI's clean checkout has it\n"
    "  git archive HEAD | drydock hash --tar -\n"
    "  drydock hash --recipe runbook-2026-06 --line \"$TOOLKIT_SHA\"\n"
    "  drydock hash --release release.json      the recipe of that release file\n"
    "\n"
    "Exit codes: 0 hashed; 1 refused, because the recipe would silently leave something out or\n"
    "something changed meanwhile (named on standard error); 2 the command line is wrong.\n";

struct HashCommand {
  std::string root = ".";
  std::string git_ref;
  std::string tar;
  std::string recipe = "runbook";
  std::vector<std::string> lines;
  std::string release;
  bool compat = false;
  bool no_cache = false;
  bool verify_cache = false;
  unsigned readers = 0;
};

// Where the XDG base directory specification puts it; "" when there is no home.
std::string CacheFolder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && cache[0] == '/') {
    return Concat({cache, "/drydock/hash"});
  }
  const char* home = std::getenv("HOME");
  return home != nullptr && home[0] == '/' ? Concat({home, "/.cache/drydock/hash"}) : "";
}

// One line on a terminal, rewritten, once a second has passed.
class ProgressLine {
 public:
  explicit ProgressLine(bool on) : on_(on), start_(clock_.Elapsed()), shown_(start_) {}
  ~ProgressLine() {
    if (shown_ != start_) {
      std::cerr << "\r\x1b[K" << std::flush;
    }
  }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Show(const HashProgress& progress) {
    const Duration now = clock_.Elapsed();
    if (!on_ || now - start_ < std::chrono::seconds(1) ||
        now - shown_ < std::chrono::milliseconds(200)) {
      return;
    }
    shown_ = now;
    std::cerr << "\r\x1b[Khash: " << progress.files << " files, " << HumanBytes(progress.bytes)
              << std::flush;
  }

 private:
  bool on_;
  SystemClock clock_;
  Duration start_;
  Duration shown_;
};

int Fail(const Error& error, int exit_code) {
  std::cerr << "drydock: " << error.message() << '\n';
  return exit_code;
}

Result<BaseHash> Compute(const HashCommand& command, const Recipe& recipe) {
  ProgressLine line(::isatty(STDERR_FILENO) != 0);
  HashOptions options;
  options.compat = command.compat;
  options.readers = command.readers;
  options.cache_folder = command.no_cache ? "" : CacheFolder();
  options.verify_cache = command.verify_cache;
  options.on_progress = [&](const HashProgress& progress) { line.Show(progress); };
  if (!command.tar.empty()) {
    return HashTar(command.tar, recipe, options);
  }
  return command.git_ref.empty() ? HashTree(command.root, recipe, options)
                                 : HashGitRef(command.root, command.git_ref, recipe, options);
}

Result<Recipe> RecipeOf(const HashCommand& command) {
  if (command.release.empty()) {
    return publisher::NamedRecipe(command.recipe, command.lines);
  }
  auto release = publisher::ReadReleaseFile(command.release);
  if (!release) {
    return std::move(release).error();
  }
  if (!release->base) {
    return Error(ErrorCode::kInvalid,
                 Concat({command.release, ": has no \"base\", so no base hash either"}));
  }
  return std::move(release->base->hash);
}

int Run(const HashCommand& command) {
  const auto recipe = RecipeOf(command);
  if (!recipe) {
    return Fail(recipe.error(), kExitUsage);
  }
  if (auto root = publisher::OpenRoot(command.root); !root) {
    return Fail(root.error(), kExitUsage);
  }
  const auto hash = Compute(command, *recipe);
  if (!hash) {
    return Fail(hash.error(), kExitRefused);
  }
  for (const std::string& what : hash->skipped) {
    std::cerr << "drydock: left out, as the recipe does: " << what << '\n';
  }
  for (const std::string& note : hash->notes) {
    std::cerr << "drydock: " << note << '\n';
  }
  std::cout << hash->Short() << '\n';
  return 0;
}

}  // namespace

void AddHash(CLI::App& app, int& exit_code) {
  auto command = std::make_shared<HashCommand>();
  CLI::App* hash = app.add_subcommand("hash", "Print the base hash of a tree or of a git tag");
  hash->footer(kFooter);
  auto* root = hash->add_option("ROOT", command->root, "The project's folder");
  root->capture_default_str();
  auto* git = hash->add_option(
      "--git", command->git_ref,
      "Hash this tag, branch or commit from the object store of ROOT's repository");
  hash->add_option("--tar", command->tar,
                   "Hash a tar archive, gzip or not, instead of a folder; - is standard input")
      ->excludes(root)
      ->excludes(git);
  auto* recipe =
      hash->add_option("--recipe", command->recipe,
                       Concat({"What goes into the hash: ", Join(publisher::RecipeNames(), ", ")}));
  recipe->capture_default_str();
  auto* line = hash->add_option(
      "--line", command->lines,
      "A literal line that the recipe appends, such as a resolved commit (repeatable)");
  line->expected(1);
  hash->add_option("--release", command->release, "Take the recipe of this release file's base")
      ->excludes(recipe)
      ->excludes(line);
  hash->add_flag("--compat", command->compat,
                 "Leave out what the recipe silently leaves out (unreadable, missing), and say so");
  auto* no_cache = hash->add_flag("--no-cache", command->no_cache,
                                  "Read everything, remember nothing for the next run");
  hash->add_flag("--verify-cache", command->verify_cache,
                 "Hash with and without what is remembered, and compare")
      ->excludes(no_cache);
  hash->add_option("--readers", command->readers,
                   "Threads that read ahead; 0 starts with one and adds more where they help")
      ->capture_default_str()
      ->check(CLI::Range(0U, 64U));
  hash->callback([command, &exit_code] { exit_code = Run(*command); });
}

}  // namespace drydock::cli
