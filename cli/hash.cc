// `drydock hash`: the base hash of a working tree or of a commit.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/hash_command.h"
#include "cli/progress_line.h"
#include "core/clock.h"
#include "core/text.h"
#include "publisher/hash/base_hash.h"
#include "publisher/hash/explain.h"
#include "publisher/hash/recipe.h"
#include "publisher/hash/tree_source.h"
#include "publisher/release/release_file.h"

namespace drydock::cli {
namespace {

using publisher::BaseHash;
using publisher::HashOptions;
using publisher::HashProgress;
using publisher::Recipe;

constexpr char kHashFooter[] =
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
    "  drydock hash --expect base-9f2a64c10b7e --explain     why it is another one here\n"
    "  drydock hash --diff v1.15.11 .           where the streams part: offset, file, line\n"
    "  drydock hash --blind-spots v1.15.11      what changed since, unseen by the hash\n"
    "\n"
    "Exit codes: 0 hashed, and as expected; with --diff the same, with --blind-spots none.\n"
    "1 refused, because the recipe would silently leave something out or something changed\n"
    "meanwhile (named on standard error). 2 the command line is wrong. 3 another value than\n"
    "expected, and explained; with --diff not the same, with --blind-spots there are some.\n"
    "4 another value than expected, and not explained.\n"
    "docs/hash.md tells more.\n";

// Where the XDG base directory specification puts it; "" when there is no home.
std::string CacheFolder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && cache[0] == '/') {
    return Concat({cache, "/drydock/hash"});
  }
  const char* home = std::getenv("HOME");
  return home != nullptr && home[0] == '/' ? Concat({home, "/.cache/drydock/hash"}) : "";
}

// What decides how this machine sorts names, outside LC_ALL=C.
std::vector<std::string> LocalesOfTheEnvironment() {
  std::vector<std::string> locales;
  for (const char* name : {"LC_ALL", "LC_COLLATE", "LANG"}) {
    if (const char* locale = std::getenv(name)) {
      locales.emplace_back(locale);
    }
  }
  return locales;
}

int Fail(const Error& error, int exit_code) {
  std::cerr << "drydock: " << error.message() << '\n';
  return exit_code;
}

Result<BaseHash> Compute(const HashCommand& command, const Recipe& recipe) {
  ProgressLine line;
  HashOptions options;
  options.compat = command.compat;
  options.readers = command.readers;
  options.cache_folder = command.no_cache ? "" : CacheFolder();
  options.verify_cache = command.verify_cache;
  options.on_progress = [&](const HashProgress& progress) {
    if (line.Due()) {
      line.Show(Concat(
          {"hash: ", std::to_string(progress.files), " files, ", HumanBytes(progress.bytes)}));
    }
  };
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

int RunHash(const HashCommand& command) {
  const auto recipe = RecipeOf(command);
  if (!recipe) {
    return Fail(recipe.error(), kExitUsage);
  }
  if (auto root = publisher::OpenRoot(command.root); !root) {
    return Fail(root.error(), kExitUsage);
  }
  if (!command.diff.empty()) {
    return DiffTwoHashes(command, *recipe);
  }
  if (command.blind_spots) {
    return ShowBlindSpots(command, *recipe);
  }
  const auto expected = publisher::ParseExpected(command.expect);
  if (!command.expect.empty() && !expected) {
    return Fail(expected.error(), kExitUsage);
  }
  if (command.explain) {
    return ExplainHash(command, *recipe, *expected);
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
  if (command.json) {
    PrintHashAsJson(command, *hash, expected ? *expected : "");
  } else {
    std::cout << hash->Short() << '\n';
  }
  if (expected && !hash->digest.hex().starts_with(*expected)) {
    std::cerr << "drydock: expected " << *expected << "; --explain looks for the reason\n";
    return kExitUnexplained;
  }
  return 0;
}

void AddQuestions(CLI::App& hash, HashCommand& command, CLI::Option& git) {
  hash.add_flag("--json", command.json, "Print the answer as JSON");
  auto* expect = hash.add_option("--expect", command.expect,
                                 "Compare with this value: 12 to 64 hex digits, or base-…");
  expect->type_name("HEX");
  auto* explain = hash.add_flag("--explain", command.explain,
                                "Find out what makes the inputs here give the expected value");
  explain->needs(expect);
  hash.add_option("--effort", command.effort_gb, "GB that --explain hashes at most")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1'000'000U))
      ->needs(explain);
  auto* diff = hash.add_option(
      "--diff", command.diff,
      "Where two streams part; A and B are folders, archives, or else tags, branches or commits");
  diff->expected(2)->type_name("A B")->excludes(expect)->excludes(&git);
  auto* blind_spots =
      hash.add_option("--blind-spots", command.since,
                      "What changed that the hash cannot see, since a tag, branch, commit or "
                      "folder; without one since the newest tag before HEAD");
  blind_spots->expected(0, 1)->type_name("[SINCE]")->excludes(expect)->excludes(diff);
}

}  // namespace

void AddHash(CLI::App& app, int& exit_code) {
  auto command = std::make_shared<HashCommand>();
  CLI::App* hash = app.add_subcommand("hash", "Print the base hash of a tree or of a git tag");
  hash->footer(kHashFooter);
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
  AddQuestions(*hash, *command, *git);
  auto* no_cache = hash->add_flag("--no-cache", command->no_cache,
                                  "Read everything, remember nothing for the next run");
  hash->add_flag("--verify-cache", command->verify_cache,
                 "Hash with and without what is remembered, and compare")
      ->excludes(no_cache);
  hash->add_option("--readers", command->readers,
                   "Threads that read ahead; 0 starts with one and adds more where they help")
      ->capture_default_str()
      ->check(CLI::Range(0U, 64U));
  command->locales = LocalesOfTheEnvironment();
  hash->callback([command, hash, &exit_code] {
    command->blind_spots = hash->count("--blind-spots") > 0;
    exit_code = RunHash(*command);
  });
}

}  // namespace drydock::cli
