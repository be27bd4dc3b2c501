// `drydock diagnose`: what the attempts to publish say about the cause, from their logs.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/recheck.h"
#include "core/text.h"
#include "publisher/release/attempt_log.h"
#include "publisher/release/diagnosis.h"

namespace drydock::cli {
namespace {

using publisher::Attempt;

constexpr int kExitUndecided = 4;

constexpr char kDiagnoseFooter[] =
    "Holds the attempts against each other: which difference goes with failure, what is cleared "
    "and\n"
    "by which observation, and the record to file upstream. A log is what a CI job or docker "
    "buildx\n"
    "printed, or the report of drydock publish --json. What no log tells stands in an attempts "
    "file:\n"
    "\n"
    "  {\"attempts\": [\n"
    "    {\"path\": \"ci\", \"label\": \"#332\", \"log\": \"332.log\"},\n"
    "    {\"path\": \"ci\", \"label\": \"#333\", \"log\": \"333.log\", \"changed\": "
    "[\"setup-buildx v4\"]},\n"
    "    {\"path\": \"host\", \"time\": \"2026-05-28T15:00:00Z\", \"succeeded\": true,\n"
    "     \"cache-export\": false}\n"
    "  ]}\n"
    "\n"
    "Examples:\n"
    "  drydock diagnose --ci 332.log --ci 333.log --host host.log\n"
    "  drydock diagnose attempts.json --upstream issue.md    the record to file, in Markdown\n"
    "  drydock diagnose attempts.json --json\n"
    "  drydock diagnose --recheck release.json      whether CI may export its cache again\n"
    "\n"
    "--recheck builds a tiny image with docker buildx and exports its cache (mode=max) to "
    "throw-away\n"
    "tags of the image's repository; 0 the regression is gone, 3 still there, 4 not known.\n"
    "\n"
    "Exit codes: 0 it is known what it is, or nothing failed; 2 bad input; 4 not enough evidence "
    "(it "
    "says\n"
    "what to try next).\n";

struct DiagnoseFlags {
  std::string file;
  std::vector<std::string> ci;
  std::vector<std::string> host;
  std::string upstream;
  bool json = false;
  RecheckFlags recheck;
};

Result<std::vector<Attempt>> Evidence(const DiagnoseFlags& flags) {
  std::vector<Attempt> attempts;
  if (!flags.file.empty()) {
    auto listed = publisher::ReadAttemptsFile(flags.file);
    if (!listed) {
      return std::move(listed).error();
    }
    attempts = std::move(*listed);
  }
  const auto add = [&attempts](std::string_view path, const std::vector<std::string>& files) {
    for (const std::string& file : files) {
      auto attempt = publisher::ReadAttemptLogFile(std::string(path), file);
      if (!attempt) {
        return Status(std::move(attempt).error());
      }
      attempts.push_back(std::move(*attempt));
    }
    return Status(Ok{});
  };
  if (Status read = add("ci", flags.ci); !read) {
    return read.error();
  }
  if (Status read = add("host", flags.host); !read) {
    return read.error();
  }
  if (attempts.empty()) {
    return Error(ErrorCode::kInvalid,
                 "no evidence: name an attempts file, or logs with --ci and --host");
  }
  return attempts;
}

int RunDiagnose(DiagnoseFlags flags) {
  if (!flags.recheck.release.empty()) {
    flags.recheck.json = flags.json;
    return RunRecheck(flags.recheck);
  }
  const auto attempts = Evidence(flags);
  if (!attempts) {
    return BadInput(attempts.error().message());
  }
  const publisher::Diagnosis diagnosis = publisher::Diagnose(*attempts);
  if (!flags.upstream.empty()) {
    if (diagnosis.upstream.empty()) {
      std::cerr << "drydock: note: "
                << (diagnosis.failed.empty() ? "nothing failed" : "it is the workflow's own")
                << ", so there is no record to file\n";
    } else if (std::ofstream out(flags.upstream); !(out << diagnosis.upstream) || !out.flush()) {
      return BadInput(Concat({flags.upstream, ": cannot be written"}));
    }
  }
  std::cout << (flags.json ? ToJson(diagnosis) : ToText(diagnosis));
  const bool known = diagnosis.cause != publisher::Cause::kNotEnoughEvidence ||
                     (diagnosis.trouble != publisher::Trouble::kPublishPath &&
                      diagnosis.trouble != publisher::Trouble::kUnclear);
  return known ? 0 : kExitUndecided;
}

}  // namespace

void AddDiagnose(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<DiagnoseFlags>();
  CLI::App* diagnose =
      app.add_subcommand("diagnose", "Find out from logs why publishing fails in one place");
  diagnose->footer(kDiagnoseFooter);
  diagnose->add_option("ATTEMPTS", flags->file, "A file that lists attempts (JSON)");
  diagnose->add_option("--ci", flags->ci, "The log of a CI job (repeatable)")
      ->allow_extra_args(false);
  diagnose->add_option("--host", flags->host, "What a publish from a host printed (repeatable)")
      ->allow_extra_args(false);
  diagnose->add_option("--upstream", flags->upstream, "Write the record to file upstream there");
  CLI::Option* recheck = diagnose->add_option(
      "--recheck", flags->recheck.release,
      "A release file: export a cache to a throw-away tag and say whether that works again");
  diagnose
      ->add_option("--registry", flags->recheck.registry,
                   "With --recheck: this registry instead of the file's")
      ->needs(recheck);
  diagnose->add_option("--builder", flags->recheck.builder, "With --recheck: the buildx builder")
      ->needs(recheck);
  diagnose->add_flag("--json", flags->json, "Print the diagnosis as JSON");
  diagnose->callback([flags, &exit_code] { exit_code = RunDiagnose(*flags); });
}

}  // namespace drydock::cli
