// drydock serve: the fake registry on a port, until SIGTERM or SIGINT.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/colour.h"
#include "cli/commands.h"
#include "cli/personalities.h"
#include "core/clock.h"
#include "core/journal.h"
#include "core/text.h"
#include "simulator/faults/read_rules.h"
#include "simulator/registry/personalities.h"
#include "simulator/registry/traits.h"
#include "simulator/server/activity.h"
#include "simulator/server/read_accounts.h"
#include "simulator/server/registry_server.h"
#include "simulator/server/worlds.h"
#include "simulator/storage/preload.h"

namespace drydock::cli {
namespace {

using simulator::RegistryServer;
using simulator::ServerOptions;

constexpr char kServeFooter[] =
    "Without flags: plain HTTP on 127.0.0.1:5000, no authentication, deletes allowed, everything "
    "in\n"
    "memory. With --store DIR every answer that acknowledges something is durable, and DIR/NAME is "
    "an\n"
    "OCI image layout that other tools read. SIGTERM or SIGINT ends it: running requests finish, a "
    "summary tells what happened.\n"
    "More worlds, faults, snapshots, time and metrics: the control API below /_drydock/v1/, see\n"
    "docs/serve.md.\n"
    "\n"
    "Examples:\n"
    "  drydock serve &  skopeo copy --dest-tls-verify=false oci:app "
    "docker://127.0.0.1:5000/me/app:v1\n"
    "  drydock serve --port 0 --ready-file ready   # any free port; `ready` then holds the base "
    "URL\n"
    "  drydock serve --personality docker-hub --accounts accounts.json\n"
    "  mkdir certs; drydock serve --host 127.0.0.1 --host ::1 --ca-out certs/ca.crt &\n"
    "  skopeo copy --dest-cert-dir certs oci:app docker://localhost:5000/me/app:v1\n"
    "  drydock serve --faults cache-400.json --journal run.jsonl\n"
    "  drydock serve --store hub &  … ;  skopeo copy oci:hub/me/app:v1 …\n"
    "  drydock serve --preload library/debian=debian-layout --preload seed.json\n"
    "  drydock serve --allow-sparse                # an index with one of its platforms alone\n"
    "  curl -d '{\"name\": \"w1\", \"port\": 0}' http://127.0.0.1:5000/_drydock/v1/worlds\n"
    "  curl http://127.0.0.1:5000/_drydock/v1/metrics\n"
    "  drydock serve --list-personalities\n"
    "  drydock serve --diff ecr                    # in what ECR is not the specification\n"
    "  drydock serve --trait delete-blobs=no       # the same for one trait alone\n"
    "\n"
    "Exit codes: 0 stopped as asked, 1 the port or a file to write could not be had, 2 bad "
    "input.\n";

// What peers may fill without being told otherwise.
std::uint64_t HalfOfTheMemory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  return pages <= 0 || page <= 0
             ? std::uint64_t{1} << 30
             : static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page) / 2;
}

struct ServeFlags {
  std::vector<std::string> hosts = {"127.0.0.1"};
  std::uint16_t port = 5000;
  bool tls = false;
  std::string ca_file;
  std::string ready_file;
  std::string faults_file;
  std::string accounts_file;
  std::string journal_file;
  std::string journal_folder;
  std::uint64_t memory_max = HalfOfTheMemory();
  std::string store_folder;
  std::vector<std::string> preloads;
  std::string personality = simulator::AnonymousPersonality().name;
  std::vector<std::string> traits;
  bool list_personalities = false;
  std::string diff;
  bool json = false;
  std::uint64_t seed = 1;
  bool allow_sparse = false;
  bool verbose = false;
};

int Complain(const std::string& what, int exit_code) {
  std::cerr << "drydock serve: " << what << "\n";
  return exit_code;
}

// Writes down what happens in the worlds: lines to the terminal, all of it into the tally.
class Scribe {
 public:
  Scribe(bool lines, bool color) : lines_(lines), color_(color) {}

  void Write(const simulator::ServedWorld& world, const std::vector<Event>& events) {
    const std::string& name = world.spec().name;
    const bool usual = name == simulator::kDefaultWorld;
    const std::lock_guard lock(mutex_);
    for (const Event& event : events) {
      tally_.Add(event);
      if (const std::string line = lines_ ? simulator::ActivityLine(event, color_) : "";
          !line.empty()) {
        std::cout << (usual ? "" : name + ": ") << line << "\n";
      }
    }
    std::cout.flush();
  }

  const simulator::Tally& tally() const { return tally_; }

 private:
  bool lines_;
  bool color_;
  std::mutex mutex_;
  simulator::Tally tally_;
};

// Appears complete or not at all, so that whoever waits for the file may read it at once.
Status WriteWhole(const std::string& path, const std::string& text) {
  const std::string partial = path + ".partial";
  {
    std::ofstream file(partial, std::ios::trunc);
    file << text;
    if (!file.flush()) {
      return Error(ErrorCode::kUnavailable, partial + ": cannot write: " + std::strerror(errno));
    }
  }
  if (std::rename(partial.c_str(), path.c_str()) != 0) {
    const std::string reason = std::strerror(errno);
    std::remove(partial.c_str());
    return Error(ErrorCode::kUnavailable, path + ": cannot rename to it: " + reason);
  }
  return Ok{};
}

// What tells others that the server answers, and how to trust it.
Status WriteStartFiles(const ServeFlags& flags, const RegistryServer& server) {
  if (!flags.ca_file.empty()) {
    if (Status written = WriteWhole(flags.ca_file, server.ca_pem()); !written) {
      return written;
    }
  }
  return flags.ready_file.empty() ? Ok{} : WriteWhole(flags.ready_file, server.base_url() + "\n");
}

Result<ServerOptions> ReadOptions(const ServeFlags& flags) {
  ServerOptions options;
  options.hosts = flags.hosts;
  options.port = flags.port;
  options.tls = flags.tls || !flags.ca_file.empty();
  options.seed = flags.seed;
  options.journal_path = flags.journal_file;
  options.journal_folder = flags.journal_folder;
  options.memory_max = flags.memory_max;
  const std::optional<simulator::Personality> personality =
      simulator::FindPersonality(flags.personality);
  if (!personality) {
    return Error(ErrorCode::kInvalid,
                 Concat({"--personality: unknown: \"", flags.personality,
                         "\"; there are: ", Join(simulator::PersonalityNames(), ", ")}));
  }
  options.personality = *personality;
  if (flags.allow_sparse) {
    options.personality.sparse_manifests = simulator::Children::kDangling;
  }
  for (const std::string& trait : flags.traits) {
    const std::size_t equals = trait.find('=');
    if (equals == std::string::npos) {
      return Error(ErrorCode::kInvalid, Concat({"--trait: expected NAME=VALUE, not \"", trait,
                                                "\"; drydock serve --diff NAME shows some"}));
    }
    if (const Status set = simulator::SetTrait(options.personality, trait.substr(0, equals),
                                               trait.substr(equals + 1));
        !set) {
      return set.error().At("--trait");
    }
  }
  if (!flags.faults_file.empty()) {
    Result<std::vector<simulator::FaultRule>> rules = simulator::ReadFaultFile(flags.faults_file);
    if (!rules) {
      return rules.error();
    }
    if (const Status servable = simulator::CheckServable(*rules, {options.tls, true}); !servable) {
      return servable.error().At(flags.faults_file);
    }
    options.faults = std::move(*rules);
  }
  if (!flags.accounts_file.empty()) {
    if (!options.personality.tokens && !options.personality.basic) {
      return Error(ErrorCode::kInvalid, Concat({"--accounts: of no use: personality \"",
                                                flags.personality, "\" asks nobody who they are"}));
    }
    Result<std::vector<simulator::Account>> accounts =
        simulator::ReadAccountsFile(flags.accounts_file);
    if (!accounts) {
      return accounts.error();
    }
    options.accounts = std::move(*accounts);
  }
  return options;
}

void Greet(const ServeFlags& flags, const ServerOptions& options, const std::string& base_url,
           bool with_hints) {
  std::cout << "drydock serve: " << base_url << " (" << flags.personality << ")\n";
  if (with_hints) {
    const std::string authority = base_url.substr(base_url.find("//") + 2);
    const bool trusted = !flags.ca_file.empty();
    std::cout << "  push with   skopeo copy "
              << (trusted ? "--dest-cert-dir DIR-OF-THE-CA" : "--dest-tls-verify=false")
              << " oci:DIR docker://" << authority << "/NAME:TAG\n";
    if ((options.personality.tokens || options.personality.basic) && options.accounts.empty()) {
      std::cout << "  nobody can push: this personality wants accounts, see --accounts\n";
    }
    std::cout << "  stop with   ctrl-c\n";
  }
  std::cout.flush();
}

// The signals that end a server, kept from every thread so that one place can wait for them.
sigset_t HeldBackSignals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// What is only told, without a server.
std::optional<int> Tell(const ServeFlags& flags) {
  if (flags.list_personalities) {
    std::cout << PersonalityList(flags.json);
    return 0;
  }
  if (flags.diff.empty()) {
    return std::nullopt;
  }
  const auto diff = PersonalityDiff(flags.diff, flags.json);
  if (!diff) {
    return Complain(Concat({"--diff: unknown personality: \"", flags.diff,
                            "\"; there are: ", Join(simulator::PersonalityNames(), ", ")}),
                    kExitUsage);
  }
  std::cout << *diff;
  return 0;
}

int Serve(const ServeFlags& flags) {
  if (const auto told = Tell(flags)) {
    return *told;
  }
  Result<ServerOptions> options = ReadOptions(flags);
  if (!options) {
    return Complain(options.error().message(), kExitUsage);
  }
  Result<simulator::OpenedStore> opened =
      simulator::OpenContent(flags.store_folder, flags.preloads);
  if (!opened) {
    // Somebody else has the folder, or it cannot be written: as with a port.
    const ErrorCode code = opened.error().code();
    const bool taken = code == ErrorCode::kConflict || code == ErrorCode::kUnavailable;
    return Complain(opened.error().message(), taken ? 1 : kExitUsage);
  }
  options->content = opened->content;
  options->backing = opened->backing;
  options->neighbours = opened->neighbours;
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  SystemClock clock;
  const bool colour = MayColour(STDOUT_FILENO);
  Scribe scribe(terminal || flags.verbose, colour);
  options->news = [&scribe](const simulator::ServedWorld& world, const std::vector<Event>& events) {
    scribe.Write(world, events);
  };

  // One of an earlier run would make somebody ask too early.
  std::remove(flags.ready_file.c_str());
  const sigset_t signals = HeldBackSignals();  // before there are threads
  const Duration began = clock.Elapsed();
  const Result<std::unique_ptr<RegistryServer>> started = RegistryServer::Start(*options, clock);
  if (!started) {
    return Complain(started.error().message(), 1);
  }
  RegistryServer& server = **started;
  if (const Status written = WriteStartFiles(flags, server); !written) {
    return Complain(written.error().message(), 1);
  }
  Greet(flags, *options, server.base_url(), terminal);

  int signal = 0;
  ::sigwait(&signals, &signal);
  std::remove(flags.ready_file.c_str());
  server.Stop();
  std::cout << scribe.tally().Summary(clock.Elapsed() - began, server.Held(), server.FaultCounts(),
                                      colour)
            << std::flush;
  if (!server.JournalsAreWhole()) {
    return Complain("not all of the journals could be written", 1);
  }
  return 0;
}

}  // namespace

void AddServe(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ServeFlags>();
  CLI::App* serve = app.add_subcommand("serve", "A fake registry on a port, with faults");
  serve->footer(kServeFooter);
  serve->add_option("--host", flags->hosts, "Address to listen on; may be given several times")
      ->capture_default_str();
  serve->add_option("--port", flags->port, "Port to listen on; 0 takes any free one")
      ->capture_default_str();
  serve->add_flag("--tls", flags->tls,
                  "HTTPS, with a certificate authority made at start (--ca-out)");
  serve->add_option("--ca-out", flags->ca_file,
                    "File for the authority's certificate, for clients to trust; implies --tls");
  serve->add_option("--ready-file", flags->ready_file,
                    "File that is there while the server answers; one line, the base URL");
  serve
      ->add_option("--personality", flags->personality,
                   "Manners: " + Join(simulator::PersonalityNames(), ", "))
      ->capture_default_str();
  serve->add_flag("--allow-sparse", flags->allow_sparse,
                  "Take manifests and indexes whose parts were not pushed");
  serve->add_option("--trait", flags->traits,
                    "NAME=VALUE: one trait of the personality changed; repeatable");
  serve->add_flag("--list-personalities", flags->list_personalities,
                  "Say which personalities there are, and end");
  serve->add_option("--diff", flags->diff,
                    "Say in what the personality of that name is not strict, and end");
  serve->add_flag("--json", flags->json, "With --list-personalities or --diff: as JSON");
  serve->add_option("--accounts", flags->accounts_file,
                    "JSON file of accounts that may push (personalities with tokens)");
  serve->add_option("--store", flags->store_folder,
                    "Folder that keeps everything pushed, as OCI image layouts; made if absent");
  serve->add_option("--preload", flags->preloads,
                    "[REPOSITORY=]PATH of an OCI image layout, a folder of layouts, an archive of "
                    "images (oci-archive, docker save) or a JSON seed to start with; may be given "
                    "again");
  serve->add_option("--faults", flags->faults_file, "JSON file of fault rules");
  serve->add_option("--seed", flags->seed, "Seed of upload ids and of the rules' dice")
      ->capture_default_str();
  serve->add_option("--journal", flags->journal_file,
                    "File for the journal (of the default world): JSON lines, as things happen");
  serve->add_option("--journal-folder", flags->journal_folder,
                    "Folder for the journals of worlds that ask for one; made by you");
  serve
      ->add_option(
          "--max-memory", flags->memory_max,
          "Bytes (or 512M, 4G) that pushes may take in memory, all worlds together; beyond "
          "it they are DENIED. Without it half of the machine's; 0: no limit")
      ->transform(CLI::AsSizeValue(false));
  serve->add_flag("--verbose", flags->verbose,
                  "A line for every request also when standard output is no terminal");
  serve->callback([flags, &exit_code] { exit_code = Serve(*flags); });
}

}  // namespace drydock::cli
