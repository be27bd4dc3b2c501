// What `drydock hash` was told, shared by its ways to work. Threads: one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "publisher/hash/base_hash.h"
#include "publisher/hash/input_list.h"
#include "publisher/hash/recipe.h"

namespace drydock::cli {

constexpr int kExitRefused = 1;
constexpr int kExitDiffers = 3;      // and it is known why, or shown where
constexpr int kExitUnexplained = 4;  // and it is not known why

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
  bool json = false;

  std::string expect;
  bool explain = false;
  std::uint64_t effort_gb = 16;
  std::vector<std::string> locales;  // of the environment
  std::vector<std::string> diff;     // two, or none
  bool blind_spots = false;
  std::string since;

  publisher::HashSubject Subject() const { return {root, git_ref, tar}; }
};

// The plain hash; `expected` is "" when nothing was.
void PrintHashAsJson(const HashCommand& command, const publisher::BaseHash& hash,
                     const std::string& expected);
// Each prints its answer and gives the exit code.
int ExplainHash(const HashCommand& command, const publisher::Recipe& recipe,
                const std::string& expected);
int DiffTwoHashes(const HashCommand& command, const publisher::Recipe& recipe);
int ShowBlindSpots(const HashCommand& command, const publisher::Recipe& recipe);

}  // namespace drydock::cli
