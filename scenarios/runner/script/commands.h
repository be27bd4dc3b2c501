// What the shell script and the workflow have in common: how they spell tags, cache options and
// build arguments, and the push loop. Internal to scenarios/runner/script.
// Threads: one Machine belongs to one actor.
// Source: opencode-devbox.md sections 3 (tags, cache) and 4 (retry).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "publisher/release/release_file.h"
#include "scenarios/runner/script/script.h"

namespace drydock::scenarios::script {

// Build argument to version, as npm_view gave it.
using Versions = std::map<std::string, std::string>;

// One machine at work: runs commands, prints what they print, and loops around a push.
class Machine {
 public:
  Machine(const Surroundings& surroundings, const Constants& constants, const Settings& settings,
          std::string actor);

  // True when `reference` can be inspected; every failure reads as "not there".
  bool Probe(const std::string& reference);
  // `npm view` for every package of the release file; or `passed` for each when it is not "".
  Versions ResolveVersions(const std::string& passed = "");
  // "oh-my-opencode-slim 1.0.9, …".
  std::string Describe(const Versions& versions) const;
  // Build and push; up to Settings::attempts times with 15 s and 30 s between. False when all of
  // them failed.
  bool BuildBase();
  bool BuildVariant(const publisher::VariantSpec& variant, const Versions& versions);
  bool PromoteBase();
  // One platform of a variant, under its digest alone: that digest; nullopt when all tries failed.
  std::optional<Digest> PushByDigest(const publisher::VariantSpec& variant,
                                     const Versions& versions, const std::string& platform);
  // A version tag and its alias from images that are in the repository under these digests.
  bool MergeDigests(const publisher::VariantSpec& variant, const std::set<std::string>& digests);
  // Whether this version of the action that keeps artifacts, or fetches them, works with the forge;
  // else the job fails with the action's words.
  bool MayUpload(int version);
  bool MayDownload(int version);
  // A build for one platform that is pushed nowhere.
  bool Smoke(const publisher::VariantSpec& variant, const Versions& versions);
  // The same FROM base-latest, which must be the base of this commit.
  bool Validate(const publisher::VariantSpec& variant, const Versions& versions);
  // Puts the release's name on the Hub's page.
  bool PatchPage(const std::string& url);
  // Time passes. False when the run was killed meanwhile.
  bool Spend(Duration span);
  void Fail(const std::string& words);
  // The digest of every expected tag, printed and not looked at.
  void PrintTags();
  void Print(std::string_view line);

  // The run was killed: nothing more may be done.
  bool cancelled() const { return cancelled_; }
  const std::string& actor() const { return actor_; }
  std::uint64_t builds() const { return builds_; }
  const std::string& output() const { return output_; }
  const std::string& last_error() const { return last_error_; }  // one line

  std::string BaseTag() const;  // "joakimp/opencode-devbox:base-0123456789ab"

 private:
  bool Push(const std::function<Tools::Command()>& command);
  // What both the push and the smoke build of a variant ask for.
  simulator::BuildSpec SpecOf(const publisher::VariantSpec& variant, const Versions& versions,
                              const std::string& base) const;
  bool BuildLocally(simulator::BuildSpec spec);
  bool Keep(const Tools::Command& command);
  std::string Tagged(std::string_view tag) const;

  const Surroundings& surroundings_;
  const Constants& constants_;
  const Settings& settings_;
  std::string actor_;
  Tools tools_;
  std::string output_;
  std::string last_error_;
  std::uint64_t builds_ = 0;
  bool cancelled_ = false;
};

// "error: …" and "level=fatal …" lines of a log, the last one; "" when there is none.
std::string LastErrorLine(std::string_view log);

}  // namespace drydock::scenarios::script
