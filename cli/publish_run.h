// One `drydock publish` whose flags and release file are in order: the rehearsal if one is asked
// for, the run with what a person sees of it, and how it can be gone on with.
// Threads: one run at a time.
#pragma once

#include <string>
#include <string_view>

#include "publisher/release/pipeline.h"
#include "publisher/release/release_file.h"

namespace drydock::cli {

inline constexpr std::string_view kBuildah = "buildah";

struct PublishFlags {
  std::string file;
  bool plan = false;
  bool resume = false;
  bool json = false;
  bool json_lines = false;
  bool rehearse = false;  // against the fake Hub first
  bool plain_http = false;
  bool latest_last = false;
  bool base_latest = false;
  std::string verify = "sizes";
  std::string only;
  std::string tag;
  std::string context = ".";
  std::string registry;
  std::string npm_registry;
  std::string docker_config;
  std::string ca_file;
  std::string builder;
  std::string base_hash;  // what CI computed, from its log or as given
  std::string ci_log;
};

// Prints what `flags` ask for and gives the process's exit code.
int RunPublish(const PublishFlags& flags, const publisher::ReleaseFile& release,
               publisher::PipelineOptions options);

}  // namespace drydock::cli
