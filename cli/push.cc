// `drydock push`: one prebuilt image to a registry, with drydock's own pusher.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/logins.h"
#include "core/clock.h"
#include "core/journal.h"
#include "core/rng.h"
#include "core/text.h"
#include "publisher/push/pusher.h"
#include "publisher/registry/http_transport.h"
#include "publisher/release/verdict.h"

namespace drydock::cli {
namespace {

using publisher::Failure;
using publisher::PushReport;
using publisher::Verdict;

constexpr char kPushFooter[] =
    "LAYOUT is a folder with an OCI image layout (index.json, oci-layout, blobs), as written by\n"
    "`docker buildx build --output type=oci,tar=false,dest=LAYOUT`, buildah or skopeo.\n"
    "\n"
    "Blobs are mounted or uploaded several at a time, each at most once; then the manifests by\n"
    "digest, which are read back; and last, once, the tag. A cut upload goes on at its offset, "
    "also\n"
    "in a new process after a kill: sessions are kept in the run journal. Run it again at any "
    "time:\n"
    "it asks first, and sends only what is missing.\n"
    "\n"
    "Examples:\n"
    "  drydock push dist/image ghcr.io/me/app:v1.2.3\n"
    "  drydock push dist/image me/app:v1.2.3 --mount-from me/base\n"
    "  drydock push dist/images me/app:v1.2.3 --image v1.2.3     one of several in the layout\n"
    "  drydock push dist/image 127.0.0.1:5000/me/app:v1          rehearse against drydock serve\n"
    "\n"
    "Exit codes: 0 pushed and verified; 2 bad input, nothing was sent; 3 accepted, but reading "
    "back\n"
    "does not show it; 5 failed, the tag is as it was; 6 refused, the tag is as it was; 7 "
    "unknown.\n";

struct PushFlags {
  std::string layout;
  std::string reference;
  std::string image;
  std::vector<std::string> mount_from;
  std::size_t lanes = publisher::kLanesUsual;
  std::uint64_t chunk_bytes = publisher::kChunkBytesUsual;
  std::string deadline;
  std::string run_journal;
  std::string docker_config;
  std::string ca_file;
  bool plain_http = false;
  bool json = false;
};

int ExitCodeOfPush(const Failure& failure) {
  if (failure.next == publisher::NextMove::kAsk) {
    return publisher::ExitCode(Verdict::kUnknown);
  }
  const bool theirs = failure.answerer != publisher::Answerer::kLocal &&
                      failure.persistence == publisher::Persistence::kDeterministic;
  return publisher::ExitCode(theirs ? Verdict::kRefused : Verdict::kNothingChanged);
}

void PrintPushJson(const PushReport& report) {
  const nlohmann::ordered_json json = {
      {"digest", report.digest.ToString()},
      {"verified", report.tag != publisher::Promotion::How::kMovedNotSeen},
      {"moved", report.tag != publisher::Promotion::How::kAlreadyThere},
      {"blobs",
       {{"present", report.present}, {"mounted", report.mounted}, {"uploaded", report.uploaded}}},
      {"sent-bytes", report.sent_bytes}};
  std::cout << json.dump(2) << '\n';
}

int Print(const PushFlags& flags, const publisher::Outcome<PushReport>& pushed) {
  if (!pushed) {
    const Failure& failure = pushed.failure();
    std::cerr << "drydock: " << failure.ToString() << '\n';
    if (!failure.advice.empty()) {
      std::cerr << "drydock: " << failure.advice << '\n';
    }
    return ExitCodeOfPush(failure);
  }
  if (flags.json) {
    PrintPushJson(pushed.value());
  } else {
    std::cout << pushed->digest.ToString() << '\n';
  }
  return publisher::ExitCode(pushed->tag == publisher::Promotion::How::kMovedNotSeen
                                 ? Verdict::kPublishedNotVerified
                                 : Verdict::kPublishedVerified);
}

publisher::PushOptions OptionsOf(const PushFlags& flags, const ImageReference& to,
                                 Duration deadline) {
  publisher::PushOptions options;
  options.mount_from = flags.mount_from;
  options.chunk_bytes = flags.chunk_bytes;
  options.deadline = deadline;
  options.plain_http = PlainHttpRegistries(to.registry, flags.plain_http, flags.ca_file);
  if (!flags.json) {
    options.on_event = [](std::string_view line) { std::cout << line << std::endl; };
  }
  return options;
}

int RunPush(const PushFlags& flags) {
  const auto to = ImageReference::Parse(flags.reference);
  if (!to || !to->tag || to->digest) {
    return BadInput(Concat({"REFERENCE: expected repository:tag, found: ", flags.reference}));
  }
  const auto deadline = flags.deadline.empty() ? Duration::zero() : ParseDuration(flags.deadline);
  if (!deadline) {
    return BadInput(
        Concat({"--deadline: expected a span such as 90s or 2h, found: ", flags.deadline}));
  }
  const auto image = publisher::ReadLayoutImage(flags.layout, flags.image);
  if (!image) {
    return BadInput(image.error().message());
  }
  auto logins = FindLogins(flags.docker_config, to->registry, true);
  if (!logins) {
    return BadInput(logins.error().message());
  }
  SystemClock clock;
  const auto run = publisher::RunJournal::Open(
      clock, flags.run_journal.empty() ? flags.layout + ".push.jsonl" : flags.run_journal);
  if (!run) {
    return BadInput(run.error().message());
  }
  publisher::PushOptions options = OptionsOf(flags, *to, *deadline);
  options.credentials = std::move(*logins);
  Journal journal(clock);
  const auto connect = [&]() -> std::unique_ptr<Transport> {
    return std::make_unique<publisher::HttpTransport>(
        clock, publisher::HttpTransport::Options{.ca_file = flags.ca_file});
  };
  const auto transport = connect();
  const Rng rng(static_cast<std::uint64_t>(clock.Now().time_since_epoch().count()));
  publisher::Pusher pusher(*transport, publisher::ThreadLanes(flags.lanes, connect), clock, rng,
                           journal, **run, std::move(options));
  return Print(flags, pusher.Push(*image, *to));
}

}  // namespace

void AddPush(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<PushFlags>();
  CLI::App* push =
      app.add_subcommand("push", "Push a prebuilt image (an OCI layout), resuming what was cut");
  push->footer(kPushFooter);
  push->add_option("LAYOUT", flags->layout, "Folder of the OCI image layout")
      ->required()
      ->check(CLI::ExistingDirectory);
  push->add_option("REFERENCE", flags->reference, "Where to: [host/]repository:tag")->required();
  push->add_option("--image", flags->image,
                   "Which image, when the layout has several: its name or its digest");
  push->add_option("--mount-from", flags->mount_from,
                   "A repository of the same registry that may have layers; may be repeated");
  push->add_option("--lanes", flags->lanes, "Blobs at the same time")
      ->capture_default_str()
      ->check(CLI::Range(1, 16));
  push->add_option("--chunk-bytes", flags->chunk_bytes,
                   "Bytes of one request; 0: a blob in one request")
      ->capture_default_str()
      ->transform(CLI::AsSizeValue(false));
  push->add_option("--deadline", flags->deadline,
                   "Give up when it takes longer, waits included (90s, 2h); default: never");
  push->add_option("--run-journal", flags->run_journal,
                   "Where upload sessions are kept for a resume; default: LAYOUT.push.jsonl");
  push->add_flag("--plain-http", flags->plain_http,
                 "Speak http with the registry; loopback ones without --ca-file need no flag");
  push->add_option("--docker-config", flags->docker_config,
                   "Folder with docker's config.json; default: ~/.docker")
      ->envname("DOCKER_CONFIG");
  push->add_option("--ca-file", flags->ca_file, "PEM file of authorities to trust")
      ->check(CLI::ExistingFile);
  push->add_flag("--json", flags->json, "Print the result as JSON, and no progress");
  push->callback([flags, &exit_code] { exit_code = RunPush(*flags); });
}

}  // namespace drydock::cli
